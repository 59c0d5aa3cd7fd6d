/** The Ray Serve config that serves the planned models. Keys checked against ray 2.60.0 (`LLMConfig` forbids others). */
import { gib, gibToBytes } from "../catalog/units";
import type { ModelPlan, LocalStackPlan } from "../plan/plan";
import { sortKeys, type JsonObject } from "./text";

/** What only the machine knows when the config is written. */
export interface ServeFiles {
  /**
   * Where the weights lie, by served model name: a directory, or a Hugging Face id.
   * @default the model's `source` as planned, which is right for all but the built-in models
   */
  readonly modelSources?: Readonly<Record<string, string>>;
}

function engineKwargs(model: ModelPlan, onDisk: boolean): JsonObject {
  const revision = onDisk ? undefined : model.revision;
  const { toolParser, reasoningParser } = model;
  return {
    dtype: model.dtype,
    enforce_eager: model.enforceEager,
    max_model_len: model.maxModelLen,
    max_num_seqs: model.maxNumSeqs,
    pipeline_parallel_size: model.pipelineParallel,
    tensor_parallel_size: model.tensorParallel,
    // Without it vLLM takes all that is left of its share: right on a GPU, but on a CPU that is 92 % of the machine.
    ...(model.kvCacheExact ? { kv_cache_memory_bytes: gibToBytes(gib(model.kvCacheGib)) } : {}),
    // vLLM parses tool calls only when told to, and then wants to know how.
    ...(toolParser === undefined ? {} : { enable_auto_tool_choice: true, tool_call_parser: toolParser }),
    ...(reasoningParser === undefined ? {} : { reasoning_parser: reasoningParser }),
    ...(revision === undefined ? {} : { revision, tokenizer_revision: revision }),
    ...(model.gpuMemoryUtilization === undefined ? {} : { gpu_memory_utilization: model.gpuMemoryUtilization }),
  };
}

function llmConfig(plan: LocalStackPlan, model: ModelPlan, files: ServeFiles): JsonObject {
  const cuda = plan.local.accelerator === "cuda";
  const directory = files.modelSources?.[model.name];
  return {
    // No accelerator_type: Ray's list has no GeForce, and one machine has nothing to choose from.
    accelerator_config: { kind: cuda ? "gpu" : "cpu" },
    // Without this, each start waits for a process that imports PyTorch to find out that nothing is to be downloaded.
    ...(directory === undefined ? {} : { callback_config: { callback_class: "tokenrack_local:ModelOnDisk" } }),
    deployment_config: {
      autoscaling_config: {
        max_replicas: model.replicas,
        min_replicas: model.replicas,
        // Ray's default is 1e9, which never scales; with one replica it only has to agree with the slots.
        target_ongoing_requests: model.maxNumSeqs,
      },
      max_ongoing_requests: model.maxNumSeqs,
    },
    engine_kwargs: engineKwargs(model, directory !== undefined),
    experimental_configs: {
      // One ingress: each is a process that imports PyTorch, and the gateway is the only client.
      num_ingress_replicas: 1,
      // Tokens leave as they come instead of every 50 ms.
      stream_batching_interval_ms: 0,
    },
    model_loading_config: {
      model_id: model.name,
      model_source: directory ?? model.source,
    },
    placement_group_config: { bundle_per_worker: cuda ? { CPU: 1, GPU: 1 } : { CPU: 1 } },
  };
}

/**
 * Renders the Serve config (`serve deploy`'s file, as a plain object with sorted keys).
 * Same plan and files, same object; `toYaml` makes the file's text of it.
 */
export function renderServeConfig(plan: LocalStackPlan, files: ServeFiles = {}): JsonObject {
  return sortKeys({
    applications: [
      {
        args: {
          // The replica and its worker take all CPUs that Ray counts: an ingress that asked for one would never be placed.
          ingress_deployment_config: { ray_actor_options: { num_cpus: 0 } },
          llm_configs: plan.models.map((model) => llmConfig(plan, model, files)),
        },
        import_path: "ray.serve.llm:build_openai_app",
        name: "llm",
        route_prefix: "/",
      },
    ],
    http_options: { host: plan.local.host, port: plan.local.ports.serve },
    proxy_location: "HeadOnly",
  });
}
