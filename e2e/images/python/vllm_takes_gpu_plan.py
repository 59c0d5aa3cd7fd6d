"""Lets vLLM for CPUs start under a plan that was made for GPUs: what stands in for a GPU in the image. Every Python process
imports it as it starts, by the .pth file beside it.

Two things, and no others: Ray hands a rank its "GPU" although the platform is a CPU, and blocks of the KV cache are as long
as the attention of CPUs takes them. All other engine arguments of the plan are taken as they are.
"""

import importlib.abc
import importlib.util
import sys

# The attention of CPUs takes multiples of 32 tokens; on GPUs 16 are planned.
LEAST_BLOCK_TOKENS = 32


def adapt(platform):
    # By this name Ray tells a rank which card is its own. The platform has none, and vLLM then refuses Ray altogether.
    platform.ray_device_key = "GPU"
    check = platform.check_and_update_config.__func__

    def check_and_update_config(cls, vllm_config):
        cache = vllm_config.cache_config
        if cache.block_size is not None and cache.block_size % LEAST_BLOCK_TOKENS != 0:
            cache.block_size = LEAST_BLOCK_TOKENS
        check(cls, vllm_config)

    platform.check_and_update_config = classmethod(check_and_update_config)


class AdaptingLoader(importlib.abc.Loader):
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        adapt(module.CpuPlatform)


class CpuPlatformFinder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "vllm.platforms.cpu":
            return None
        # Only once: the next finder is the one that really finds it.
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        spec.loader = AdaptingLoader(spec.loader)
        return spec


sys.meta_path.insert(0, CpuPlatformFinder())
