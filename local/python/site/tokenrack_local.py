"""The one piece of Python beside Ray's own: an extension point of Ray Serve LLM that has no setting in the Serve config."""

from ray.llm._internal.common.callbacks.base import CallbackBase


class ModelOnDisk(CallbackBase):
    """The model is on disk before Serve starts, so no process has to start and import PyTorch only to download it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.ctx.run_init_node = False
