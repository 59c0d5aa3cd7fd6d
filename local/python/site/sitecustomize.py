"""Read by every Python process of the stack as it starts."""

import gc

# Importing PyTorch, vLLM and Ray makes millions of objects that all stay. With Python's thresholds the collector walks
# them again and again: a sixth of the import, in each of the five processes that wait for one another.
gc.set_threshold(50_000, 20, 50)
