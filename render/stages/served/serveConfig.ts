/**
 * Ray Serve's config for a cluster: an application for each model, so that a change of one leaves the others alone (Serve
 * starts an application's replicas again when any of its arguments changes). Keys checked against the classes of ray 2.60.0
 * and vLLM 0.29.0. @see test/render/stages/served/engineKeys.json
 */
import { ports } from "../../../plan/stages/names";
import type { ServedModelPlan, ServedPlan } from "../../../plan/stages/served";
import { sortKeys, toYaml, type JsonObject } from "../../text";

/** Seconds that a replica gets to end its answers before it is stopped. */
export const drainSeconds = 120;

/** Engine arguments by vLLM's names. */
export function engineKwargs(model: ServedModelPlan): JsonObject {
  const { engine, layout, lora, multimodal } = model;
  return {
    async_scheduling: engine.asyncScheduling,
    disable_custom_all_reduce: engine.disableCustomAllReduce,
    dtype: engine.dtype,
    enforce_eager: engine.enforceEager,
    gpu_memory_utilization: engine.gpuMemoryUtilization,
    kv_cache_dtype: engine.kvCacheDtype,
    max_model_len: engine.maxModelLen,
    max_num_batched_tokens: engine.maxNumBatchedTokens,
    max_num_seqs: engine.maxNumSeqs,
    pipeline_parallel_size: layout.pipelineParallel,
    tensor_parallel_size: layout.tensorParallel,
    // With linear attention the engine aligns its blocks to the state itself.
    ...(model.explicitCaching
      ? { block_size: engine.blockSize, enable_chunked_prefill: true, enable_prefix_caching: true }
      : {}),
    ...(layout.expertParallel === true ? { enable_expert_parallel: true } : {}),
    ...(engine.cpuOffloadGib > 0 ? { cpu_offload_gb: engine.cpuOffloadGib } : {}),
    ...(engine.toolParser === undefined ? {} : { enable_auto_tool_choice: true, tool_call_parser: engine.toolParser }),
    ...(engine.reasoningParser === undefined ? {} : { reasoning_parser: engine.reasoningParser }),
    ...(multimodal === undefined ? {} : { limit_mm_per_prompt: multimodal }),
    ...(lora === undefined ? {} : { enable_lora: true, max_lora_rank: lora.maxRank, max_loras: lora.maxAdapters }),
  };
}

function replicasOf({ autoscaling, replicas }: ServedModelPlan): JsonObject {
  // Said by number: Ray's own autoscaling waits for 1e9 requests before it starts a replica.
  if (autoscaling === undefined) return { num_replicas: replicas };
  const { minReplicas, maxReplicas, target, idleSeconds } = autoscaling;
  return {
    autoscaling_config: {
      downscale_delay_s: idleSeconds,
      max_replicas: maxReplicas,
      min_replicas: minReplicas,
      target_ongoing_requests: target,
      upscale_delay_s: 10,
    },
  };
}

const router = {
  request_router_class: "ray.serve.llm.request_router:PrefixCacheAffinityRouter",
} as const;

function deploymentConfig(model: ServedModelPlan): JsonObject {
  return {
    ...replicasOf(model),
    graceful_shutdown_timeout_s: drainSeconds,
    health_check_period_s: 10,
    health_check_timeout_s: 30,
    max_ongoing_requests: model.engine.maxNumSeqs,
    // Requests that begin alike go to one replica, which has that beginning in its cache.
    ...(model.replicas > 1 ? { request_router_config: router } : {}),
  };
}

/** Settings of one model, as `ray.serve.llm.LLMConfig` takes them. */
export function llmConfig(model: ServedModelPlan): JsonObject {
  const { accelerator, lora } = model;
  return {
    ...(accelerator === undefined ? {} : { accelerator_type: accelerator }),
    accelerator_config: { kind: "gpu" },
    deployment_config: deploymentConfig(model),
    engine_kwargs: engineKwargs(model),
    // Tokens leave as they come instead of every 50 ms.
    experimental_configs: { stream_batching_interval_ms: 0 },
    ...(lora === undefined
      ? {}
      : { lora_config: { dynamic_lora_loading_path: lora.path, max_num_adapters_per_replica: lora.maxAdapters } }),
    model_loading_config: { model_id: model.name, model_source: model.directory },
    placement_group_config: {
      // The custom resource is only there where the plan wants the rank.
      bundles: model.bundles.map((resource) => ({ CPU: 1, GPU: 1, [resource]: 1 })),
      strategy: model.strategy,
    },
    runtime_env: { env_vars: model.environment },
  };
}

function application(model: ServedModelPlan): JsonObject {
  const [resource = ""] = model.bundles;
  return {
    args: {
      ingress_deployment_config: {
        // Not by `num_ingress_replicas`, which ray 2.60.0 reads nowhere.
        num_replicas: model.ingressReplicas,
        // On the model's own pods: no ingress on the head, and none that takes the CPU of another model's replica.
        ray_actor_options: { num_cpus: 0, resources: { [resource]: 0.001 } },
        max_ongoing_requests: 1000,
      },
      llm_configs: [llmConfig(model)],
    },
    import_path: "ray.serve.llm:build_openai_app",
    name: model.application,
    route_prefix: model.route,
  };
}

/** The Serve config as a plain object with sorted keys. */
export const serveConfigOf = ({ models }: ServedPlan): JsonObject =>
  sortKeys({
    applications: models.map(application),
    http_options: { host: "0.0.0.0", port: ports.serve },
    proxy_location: "EveryNode",
  });

/** The same as the RayService has it. */
export const serveConfigText = (plan: ServedPlan): string => toYaml(serveConfigOf(plan));
