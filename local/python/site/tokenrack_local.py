"""The one piece of Python beside Ray's own: an extension point of Ray Serve LLM that has no setting in the Serve config."""

import sys

from ray.llm._internal.common.callbacks.base import CallbackBase


class ModelOnDisk(CallbackBase):
    """Spares the start two processes that would each import all of PyTorch, for nothing."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # The model is on disk before Serve starts: there is nothing to download.
        self.ctx.run_init_node = False
        # Usage statistics are off, and Ray would still start an actor of 0.7 GB to collect them. Should Ray rename this,
        # the actor comes back and nothing else happens.
        server = sys.modules.get("ray.llm._internal.serve.core.server.llm_server")
        if hasattr(server, "push_telemetry_report_for_all_models"):
            server.push_telemetry_report_for_all_models = lambda *_args, **_kwargs: None
