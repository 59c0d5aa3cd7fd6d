/** One model of the RayService. */
import { rayAccelerator } from "../../catalog/rayAccelerators";
import { versions } from "../../catalog/versions";
import type { ClusterModelProfile } from "../../config/schema";
import type { ServingPlan } from "../cluster/types";
import { cacheKey, cacheMount } from "./servedCache";
import { podsOf, type ModelPods } from "./servedGroups";
import { loraWarnings } from "./servedLora";
import { shortName } from "./servedNames";
import type { AutoscalingPlan, LoraPlan, ServedInput, ServedModelPlan, ServedStore } from "./servedTypes";
import { expectationOf, planWarm } from "./servedWarm";

/** Ray's own ratio for its ingress, which reads requests and writes tokens in Python. @see ray.llm constants.py, RAY_SERVE_LLM_ROUTER_TO_MODEL_REPLICA_RATIO */
const ingressesPerReplica = 2;

/** Images of one request for a model that sees when nobody says: what the memory of its encoder is counted for. */
const defaultImages = 1;

/** What else a model is planned from. */
export interface OneInput {
  readonly served: ServedInput;
  readonly image: string;
  readonly store: ServedStore;
}

/** One model's part of the plan. */
export interface OnePlan {
  readonly plan: ServedModelPlan;
  readonly pods: ModelPods;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

function autoscalingOf(plan: ServingPlan, profile: ClusterModelProfile | undefined): AutoscalingPlan | undefined {
  const wish = profile?.autoscaling;
  if (wish === undefined) return undefined;
  return {
    minReplicas: Math.min(wish.minReplicas, plan.replicas),
    maxReplicas: plan.replicas,
    target: wish.targetOngoingRequests ?? Math.min(plan.speed.concurrency, plan.engine.maxNumSeqs),
    idleSeconds: wish.idleSeconds,
  };
}

function loraOf(profile: ClusterModelProfile | undefined): LoraPlan | undefined {
  if (profile?.lora === undefined) return undefined;
  const { path, maxRank, maxAdapters, credentialsSecret } = profile.lora;
  return { path, maxRank, maxAdapters, ...(credentialsSecret === undefined ? {} : { credentialsSecret }) };
}

/** All three are said: vLLM takes 999 of what is not, and keeps memory for them. */
function multimodalOf(
  { shape }: ServingPlan,
  profile: ClusterModelProfile | undefined,
): Readonly<Record<string, number>> | undefined {
  const { images, videos = 0, audios = 0 } = profile?.multimodal ?? {};
  if (shape.visionParams === undefined && profile?.multimodal === undefined) return undefined;
  return { audio: audios, image: images ?? (shape.visionParams === undefined ? 0 : defaultImages), video: videos };
}

/** Environment of the ranks: the stack's, the planner's, caches, and which rank goes where. Sorted by name. */
function environmentOf(
  plan: ServingPlan,
  pods: ModelPods,
  cache: string,
  own: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const all: Record<string, string> = {
    ...own,
    ...plan.environment,
    TORCHINDUCTOR_CACHE_DIR: `${cache}/inductor`,
    TRITON_CACHE_DIR: `${cache}/triton`,
    VLLM_CACHE_ROOT: `${cache}/vllm`,
    ...(pods.orderedBundles ? { VLLM_RAY_BUNDLE_INDICES: pods.bundles.map((_, rank) => rank).join(",") } : {}),
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function cacheOf(
  plan: ServingPlan,
  profile: ClusterModelProfile | undefined,
  { served, image }: OneInput,
  more: object,
): string {
  const used = new Set(plan.ranks.map(({ gpu }) => gpu));
  const cards = new Map(
    served.hardware.gpus
      .filter(({ id }) => used.has(id))
      .map(({ model }) => [model.id, model.computeCapability] as const),
  );
  const key = cacheKey({
    source: profile?.source ?? plan.shape.id,
    revision: profile?.revision ?? "main",
    versions: { ray: versions.ray, vllm: versions.vllm, image },
    engine: plan.engine,
    layout: plan.layout,
    environment: { ...profile?.env, ...plan.environment },
    more,
    cards: [...cards]
      .map(([id, computeCapability]) => ({ id, computeCapability }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  });
  return `${cacheMount}/${shortName(plan.name)}/${key}`;
}

/** Ray does not know beforehand which card a new pod will have, so with pods that come and go the card is not asked for. */
function acceleratorOf({ cards }: ModelPods, autoscaling: boolean): string | undefined {
  const names = new Set(cards.map(rayAccelerator));
  const [name] = names;
  return names.size === 1 && !autoscaling ? name : undefined;
}

/** Plans one model. @param autoscales some model's pods come and go */
export function planOne(
  plan: ServingPlan,
  profile: ClusterModelProfile | undefined,
  input: OneInput,
  autoscales: boolean,
): OnePlan {
  const { served, store } = input;
  const autoscaling = autoscalingOf(plan, profile);
  const wishes = { pod: profile?.pod, more: served.profile.gpu.podResources };
  const pods = podsOf(plan, served.pools, served.hardware, autoscaling, wishes);
  const short = shortName(plan.name);
  const lora = loraOf(profile);
  const multimodal = multimodalOf(plan, profile);
  const cache = cacheOf(plan, profile, input, { lora, multimodal });
  const accelerator = acceleratorOf(pods, autoscales);
  const wanted = served.profile.serving.warmCompileCache === "auto";
  const { warm, note, warning } = planWarm(plan, {
    oneNode: pods.oneNode,
    group: pods.groups[0]?.name ?? "",
    cache,
    wanted,
  });
  return {
    pods,
    notes: note === undefined ? [] : [note],
    warnings: [...(warning === undefined ? [] : [warning]), ...loraWarnings(plan, lora)],
    plan: {
      name: plan.name,
      // Both by the model's name alone, so that a model that comes or goes touches no other.
      application: `llm-${short}`,
      route: `/${short}`,
      directory: store.directories[plan.name] ?? "",
      layout: plan.layout,
      engine: plan.engine,
      replicas: plan.replicas,
      ...(autoscaling === undefined ? {} : { autoscaling }),
      ingressReplicas: ingressesPerReplica * plan.replicas,
      bundles: pods.bundles,
      orderedBundles: pods.orderedBundles,
      strategy: plan.placementStrategy,
      ...(accelerator === undefined ? {} : { accelerator }),
      environment: environmentOf(plan, pods, cache, profile?.env),
      cache,
      explicitCaching: plan.shape.linear === undefined,
      ...(lora === undefined ? {} : { lora }),
      ...(multimodal === undefined ? {} : { multimodal }),
      ...(warm === undefined ? {} : { warm }),
      expectation: expectationOf(plan),
    },
  };
}
