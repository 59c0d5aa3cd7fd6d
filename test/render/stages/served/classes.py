"""Holds Serve configs against the classes that will read them: ray.serve.llm's and vLLM's. Configs come as a JSON list on
standard input. Prints one JSON object: the faults, and the names that the classes know."""

import dataclasses
import json
import sys

from ray.llm._internal.serve.core.configs.llm_config import LLMConfig, LoraConfig, ModelLoadingConfig
from ray.llm._internal.serve.core.ingress.builder import LLMServingArgs
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import ServeDeploySchema
from ray.util.accelerators import accelerators
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.cli_args import FrontendArgs

faults = []
for number, config in enumerate(json.load(sys.stdin)):
    try:
        ServeDeploySchema.model_validate(config)
        for application in config["applications"]:
            for llm in LLMServingArgs.model_validate(application["args"]).llm_configs:
                engine = llm.get_engine_config()
                AsyncEngineArgs(**engine.get_initialization_kwargs())
                FrontendArgs(**engine.frontend_kwargs)
                bundles = engine.placement_bundles
                wanted = engine.tensor_parallel_degree * engine.pipeline_parallel_degree
                if len(bundles) != wanted or any(bundle["GPU"] != 1 for bundle in bundles):
                    raise ValueError("%d bundles for %d ranks" % (len(bundles), wanted))
    except Exception as error:
        faults.append("%d: %s: %s" % (number, type(error).__name__, error))


def names(kind):
    return sorted(field.name for field in dataclasses.fields(kind))


# vLLM logs to standard output too: the last line is ours.
print()
json.dump(
    {
        "faults": faults,
        "known": {
            "accelerators": sorted(
                value for key, value in vars(accelerators).items() if key.startswith("NVIDIA_") and isinstance(value, str)
            ),
            "autoscaling": sorted(AutoscalingConfig.model_fields),
            "engine": sorted(set(names(AsyncEngineArgs)) | set(names(FrontendArgs))),
            "llmConfig": sorted(LLMConfig.model_fields),
            "lora": sorted(LoraConfig.model_fields),
            "modelLoading": sorted(ModelLoadingConfig.model_fields),
        },
    },
    sys.stdout,
)
