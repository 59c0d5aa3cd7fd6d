/** Stage 7 as data: one RayService with an application for each model. */
import type { Bytes } from "../../catalog/units";
import type { Hardware } from "../cluster/hardware";
import type { EnginePlan } from "../cluster/types";
import type { Layout } from "../memory/layout";
import type { PullPlan } from "./images";
import type { Scheduling, StageInput } from "./types";

/** What stage 7 is planned from besides: the cards behind the ranks. */
export interface ServedInput extends StageInput {
  readonly hardware: Hardware;
  /** What a pod with GPUs needs on these nodes, by the stage that made them allocatable. @default `nvidia.com/gpu` alone */
  readonly gpu?: PodGpu;
}

/** How a pod asks for GPUs. */
export interface PodGpu {
  /** @default none: the container runtime's own */
  readonly runtimeClass?: string;
  /** Extended resource of one GPU. @default "nvidia.com/gpu" */
  readonly resource?: string;
  /** @default Kubernetes' own */
  readonly scheduler?: string;
}

/** Where the models lie. */
export interface ServedStore {
  /** Name of the claim. */
  readonly claim: string;
  /** Directory of the claim that they are in. @default its top */
  readonly directory?: string;
  /** Directory by served model name. @see modelDirectory */
  readonly directories: Readonly<Record<string, string>>;
}

/** What the stack says of a model's pods. */
export interface PodWish {
  readonly cpus?: number | undefined;
  readonly memoryGib?: number | undefined;
}

/** Pods that are alike: those of one model on one pool, with as many GPUs. */
export interface WorkerGroupPlan {
  /** Of at most 47 characters, unique in the cluster. */
  readonly name: string;
  /** Served model name. Its pods run no other model. */
  readonly model: string;
  readonly pool: string;
  /** GPUs of one pod. */
  readonly gpus: number;
  /** Pods of one replica. */
  readonly hosts: number;
  readonly replicas: number;
  readonly minReplicas: number;
  /**
   * Name of Ray's custom resource that its pods have, `gpus` and one more of it, and that no other model's pods have. Never
   * ends in "gpu": KubeRay would take it for the GPUs. @see ray-operator/controllers/ray/common/pod.go, updateRayStartParamsResources
   */
  readonly resource: string;
  readonly scheduling: Scheduling;
  /** CPUs that Ray counts: one for each rank, one for the replica and one for short tasks. */
  readonly rayCpus: number;
  /** CPUs that Kubernetes keeps free for the pod. */
  readonly cpus: number;
  /** Memory that Kubernetes keeps free for the pod, /dev/shm included. */
  readonly memory: Bytes;
  readonly sharedMemory: Bytes;
  /** Other extended resources of a pod, by name; absent for none. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Replicas by what there is to do. */
export interface AutoscalingPlan {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Requests on one replica. */
  readonly target: number;
  readonly idleSeconds: number;
}

export interface LoraPlan {
  readonly path: string;
  readonly maxRank: number;
  readonly maxAdapters: number;
  readonly credentialsSecret?: string;
}

/** A first start on GPUs that are still free, so that later ones find everything compiled. */
export interface WarmPlan {
  /** Name of the Job. */
  readonly job: string;
  /** Group whose pod it is like. */
  readonly group: string;
  /** Why it is worth it. */
  readonly reason: string;
}

/** What the planner expects of a model, to be shown beside what really happened. */
export interface Expectation {
  /** KV cache of the rank with the least, in GiB, at a first start and later. */
  readonly coldKvGib: number;
  readonly warmKvGib: number;
  /** Tokens that the cache holds, at a first start and later. */
  readonly coldTokens: number;
  readonly warmTokens: number;
  /** Weights on one GPU, the most, in GiB. */
  readonly weightsGib: number;
}

/** One model as an application of Ray Serve. */
export interface ServedModelPlan {
  /** Served model name. */
  readonly name: string;
  /** Name of the application; at most 52 characters. */
  readonly application: string;
  /** Where the application answers: "/<slug>". The gateway shows clients one API for all. */
  readonly route: string;
  /** Where its weights lie. */
  readonly directory: string;
  readonly layout: Layout;
  readonly engine: EnginePlan;
  readonly replicas: number;
  readonly autoscaling?: AutoscalingPlan;
  /** Processes that take its requests. */
  readonly ingressReplicas: number;
  /** Custom resource of each rank's bundle, in the order of ranks. */
  readonly bundles: readonly string[];
  /** Rank k goes to bundle k; else vLLM sorts bundles by node, which keeps TP groups together. */
  readonly orderedBundles: boolean;
  readonly strategy: "STRICT_PACK" | "PACK";
  /** Ray's name of the card, where its list has one. */
  readonly accelerator?: string;
  /** Environment of every rank. Sorted by name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Directory of its compile caches. @see cacheKey */
  readonly cache: string;
  /** Prefix caching and chunked prefill are switched on by name; a model with linear attention keeps the engine's own choice. */
  readonly explicitCaching: boolean;
  readonly lora?: LoraPlan;
  /** Items of one request by vLLM's names (`image`, `video`, `audio`); absent for a model of text alone. */
  readonly multimodal?: Readonly<Record<string, number>>;
  readonly warm?: WarmPlan;
  readonly expectation: Expectation;
}

/** How changes come in. */
export interface UpgradePlan {
  /** `newCluster`: beside the old one. `inPlace`: the old one stops first. */
  readonly kind: "newCluster" | "inPlace";
  /** Seconds without an answer when the Ray cluster changes; 0 with a new cluster. */
  readonly clusterSeconds: number;
  /** Seconds without an answer of one model when its serve config changes, by served name; 0 where a replica stays. */
  readonly modelSeconds: Readonly<Record<string, number>>;
}

/** Where Ray's head keeps its state. */
export interface FaultTolerancePlan {
  readonly image: string;
  readonly storageGib: number;
  readonly storageClass?: string;
  readonly scheduling: Scheduling;
}

/** The RayService. */
export interface ServedPlan extends PullPlan {
  readonly namespace: string;
  readonly image: string;
  readonly rayVersion: string;
  readonly claim: string;
  /** Directory of the claim with the models. @default its top */
  readonly claimDirectory?: string;
  readonly head: { readonly scheduling: Scheduling; readonly cpus: number; readonly memoryGib: number };
  readonly groups: readonly WorkerGroupPlan[];
  readonly models: readonly ServedModelPlan[];
  /** Route prefix by served model name, for the gateway. */
  readonly routes: Readonly<Record<string, string>>;
  /** Pods come and go with the replicas. */
  readonly autoscaling: boolean;
  readonly faultTolerance?: FaultTolerancePlan;
  readonly priorityClass?: string;
  readonly gpu: PodGpu;
  readonly upgrade: UpgradePlan;
  /** Seconds from the change of the RayService until every model must have answered. */
  readonly deadlineSeconds: number;
  /** What a reader of the plan should know; nothing is wrong. */
  readonly notes: readonly string[];
}
