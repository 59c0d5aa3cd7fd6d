/**
 * The Job that fills a model's compile cache: one start of the engine with the arguments that Serve will give it, in a pod
 * like the model's own. vLLM leaves out of its cache's key what is different here: who starts the ranks (Ray there, its own
 * processes here), addresses and directories. @see vllm 0.29.0 config/parallel.py compute_hash, envs.py compile_factors
 */
import type { ServedModelPlan, ServedPlan } from "../../../plan/stages/served";
import { labelsOf, type Manifest } from "../../manifest";
import { sortKeys } from "../../text";
import { env, offline, warmPod } from "./pods";
import { engineKwargs } from "./serveConfig";

/** Arguments that are the API server's and not the engine's. */
const frontend: readonly string[] = ["enable_auto_tool_choice", "tool_call_parser"];

/**
 * Starts the engine and stops it. What was compiled is written before the KV cache is made, so a start that ends there, for
 * want of memory that only a later one has, has done its work too.
 */
const program = `import json, os, sys
from vllm import LLM
root = os.environ["VLLM_CACHE_ROOT"]
try:
    LLM(**json.loads(os.environ["TOKENRACK_ENGINE"]))
except Exception as error:
    print(error, file=sys.stderr)
    if not os.path.isdir(os.path.join(root, "torch_compile_cache")):
        sys.exit(1)
print("the compile cache is filled")
`;

/** Seconds after which a finished Job goes; the script that made it has read its end by then. */
const keepSeconds = 3600;

/** The Job of one model; undefined for one that is not warmed. */
export function warmJobManifest(plan: ServedPlan, model: ServedModelPlan): Manifest | undefined {
  const { warm } = model;
  const group = plan.groups.find(({ name }) => name === warm?.group);
  if (warm === undefined || group === undefined) return undefined;
  const several = model.layout.tensorParallel * model.layout.pipelineParallel > 1;
  const engine = {
    ...Object.fromEntries(Object.entries(engineKwargs(model)).filter(([key]) => !frontend.includes(key))),
    model: model.directory,
    ...(several ? { distributed_executor_backend: "mp" } : {}),
  };
  const container = {
    name: "warm",
    command: ["python", "-c", program],
    // All of the ranks' environment, also what only Ray reads: vLLM counts most of it into its key.
    env: env({ ...offline, ...model.environment, TOKENRACK_ENGINE: JSON.stringify(sortKeys(engine)) }),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: warm.job, namespace: plan.namespace, labels: labelsOf("cache-warmer") },
    spec: sortKeys({
      activeDeadlineSeconds: plan.deadlineSeconds,
      backoffLimit: 0,
      ttlSecondsAfterFinished: keepSeconds,
      template: { metadata: { labels: labelsOf("cache-warmer") }, spec: warmPod(plan, group, container) },
    }),
  };
}
