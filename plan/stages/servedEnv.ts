/** Environment variables that a stack may not set for a model. */
import type { Fault } from "../../config/errors";
import type { OnePlan } from "./servedOne";
import type { ServedInput } from "./servedTypes";

/** Set for every pod, whatever the plan. @see render/stages/served/pods.ts, which a test holds to this list */
export const podVariables: readonly string[] = [
  "AWS_SHARED_CREDENTIALS_FILE",
  "DO_NOT_TRACK",
  "HF_HUB_OFFLINE",
  "RAYLLM_ENGINE_START_TIMEOUT_S",
  "RAY_REDIS_CA_CERT",
  "RAY_SERVE_LLM_ROUTER_HTTP_TIMEOUT",
  "RAY_USAGE_STATS_ENABLED",
  "TRANSFORMERS_OFFLINE",
  "VLLM_HOST_IP",
  "VLLM_NO_USAGE_STATS",
];

/** Variables of the engine that are a key of the stack, or a decision of the plan whether it sets them or not. */
const elsewhere: Readonly<Record<string, string>> = {
  CUDA_VISIBLE_DEVICES: "the device plugin and Ray give each rank its GPU",
  NCCL_IB_DISABLE: "write `network.rdma`",
  NCCL_P2P_DISABLE: "write `pools[].passthrough`, or remove it: the plan knows which GPUs reach each other",
  RAY_AUTH_MODE: "Ray asks for its token in every stack",
  RAY_AUTH_TOKEN: "set the secret rayToken",
  VLLM_PP_LAYER_PARTITION: "write `models[].layerPartition`",
};

/** What people keep secrets in: the Serve config shows them to whoever reads the RayService. */
const secretive = /(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)/i;

function faultOf(name: string, path: string, one: OnePlan | undefined, own: string): Fault | undefined {
  const because = elsewhere[name];
  const fault = (needed: string, fix = "remove it"): Fault => ({ path, found: `${name}, set by hand`, needed, fix });
  if (because !== undefined) return fault("a variable that nothing else decides", because);
  const planned = one?.plan.environment[name];
  if (podVariables.includes(name) || (planned !== undefined && planned !== own))
    return fault("a variable that is not set already");
  if (["TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "VLLM_CACHE_ROOT", "VLLM_RAY_BUNDLE_INDICES"].includes(name))
    return fault("a variable that is not set already");
  if (secretive.test(name))
    return {
      path,
      found: `${name}, which looks like a secret (its value is not shown)`,
      needed: "nothing secret: the Serve config shows it",
      fix: "remove it: models lie on the volume and need no key",
    };
  return undefined;
}

/** Every fault in `models[].env`. */
export const envFaults = ({ profile }: ServedInput, ones: readonly OnePlan[]): readonly Fault[] =>
  profile.models.flatMap((model, index) => {
    const one = ones.find(({ plan }) => plan.name === model.name);
    return Object.entries(model.env).flatMap(
      ([name, value]) => faultOf(name, `models[${index}].env.${name}`, one, value) ?? [],
    );
  });
