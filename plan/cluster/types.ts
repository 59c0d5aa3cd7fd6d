/** What a user asks of a model on a cluster, and what the planner answers: plain data, printable as JSON. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Bytes } from "../../catalog/units";
import type { MemoryEstimate } from "../memory";
import type { Layout } from "../memory/layout";

/** What a user pinned by hand: kept or refused, never changed. */
export interface Pins {
  readonly tensorParallel?: number;
  readonly pipelineParallel?: number;
  readonly replicas?: number;
  readonly layerPartition?: readonly number[];
  readonly expertParallel?: boolean;
  /** Above 0, at most 1. */
  readonly gpuMemoryUtilization?: number;
  readonly maxNumBatchedTokens?: number;
  readonly maxNumSeqs?: number;
  readonly kvCacheDtype?: KvCacheDtype;
  readonly dtype?: Dtype;
  readonly enforceEager?: boolean;
  /** GiB of weights kept in the node's memory, for each GPU. */
  readonly cpuOffloadGib?: number;
  /** Node pools the model may use. */
  readonly pools?: readonly string[];
  /** Names of parsers; must exist in the planned vLLM. */
  readonly toolParser?: string;
  readonly reasoningParser?: string;
  /** TP over a network although it is slow: has to be asked for by name. */
  readonly tensorParallelOverNetwork?: boolean;
}

export type Dtype = "bfloat16" | "float16";
export type KvCacheDtype = "auto" | "fp8";

/** One model to be served. */
export interface ServingRequest {
  /** Served model name. */
  readonly name: string;
  readonly shape: ModelShape;
  /** Where this model stands in the stack configuration ("models[0]"), for the paths of faults. */
  readonly path: string;
  /** Wanted context in tokens. @default the largest useful one that fits, at most the model's own */
  readonly contextTokens?: number;
  /** Wanted requests at the same time. */
  readonly concurrency?: number;
  /** Weights on disk in bytes, where known better than by the shape. */
  readonly weightBytes?: number;
  readonly pins: Pins;
  /** The compile cache is on a volume that outlives the pod. @default true */
  readonly keepsCompileCache?: boolean;
}

/** One rank of one replica on one GPU. */
export interface RankPlan {
  /** From 0. */
  readonly replica: number;
  readonly pipelineRank: number;
  readonly tensorRank: number;
  /** Id of the GPU. */
  readonly gpu: string;
  readonly node: string;
}

/** vLLM's settings, by their meaning; `render/` knows their names. */
export interface EnginePlan {
  readonly dtype: Dtype;
  readonly kvCacheDtype: KvCacheDtype;
  readonly maxModelLen: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly gpuMemoryUtilization: number;
  readonly enforceEager: boolean;
  readonly blockSize: number;
  /** Off over Ray; see KvSettings. */
  readonly asyncScheduling: boolean;
  readonly disableCustomAllReduce: boolean;
  readonly cpuOffloadGib: number;
  /** Names of vLLM's parsers; absent where the model has none and the user named none. */
  readonly toolParser?: string;
  readonly reasoningParser?: string;
}

/** What a figure is bounded by. */
export type Bound = "memory bandwidth" | "compute" | "link" | "launch overhead";

/** One estimated figure. */
export interface Figure {
  /** Seconds for times, tokens a second for rates. */
  readonly value: number;
  readonly boundBy: Bound;
}

/** Estimated speed of one replica; what is true of the slowest card of its group. */
export interface SpeedEstimate {
  /** Prompt length that the time to first token is for, in tokens. */
  readonly promptTokens: number;
  /** Time to first token of one such prompt on an idle replica, in seconds. */
  readonly timeToFirstToken: Figure;
  /** Time between tokens of one request alone, in seconds. */
  readonly interTokenAlone: Figure;
  /** Time between tokens with `concurrency` requests decoding at the same time, in seconds. */
  readonly interTokenBusy: Figure;
  /** Requests at the same time on one replica that the busy figures are for. */
  readonly concurrency: number;
  /** Tokens a second of one request alone. */
  readonly tokensPerSecondAlone: Figure;
  /** Tokens a second of all requests of one replica together. */
  readonly tokensPerSecondBusy: Figure;
}

/** A layout that was considered and lost, or cannot be. */
export interface RunnerUp {
  readonly layout: Layout;
  readonly replicas: number;
  /** Ids of the GPUs of its first replica. */
  readonly gpus: readonly string[];
  /** One sentence with numbers. */
  readonly reason: string;
  readonly fits: boolean;
}

/** How one model is served on the cluster. */
export interface ServingPlan {
  readonly name: string;
  readonly shape: ModelShape;
  readonly layout: Layout;
  readonly replicas: number;
  /** replicas x PP x TP entries, in that order. */
  readonly ranks: readonly RankPlan[];
  readonly engine: EnginePlan;
  /** STRICT_PACK: all ranks of a replica on one node; PACK: several nodes. */
  readonly placementStrategy: "STRICT_PACK" | "PACK";
  /** Environment of every rank: NCCL, layer partition. Sorted by name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Size of /dev/shm for each pod. */
  readonly sharedMemory: Bytes;
  /** With the compile cache as the stack keeps it (the state to plan for), and at the first start. */
  readonly memory: { readonly warm: MemoryEstimate; readonly cold: MemoryEstimate };
  readonly speed: SpeedEstimate;
  /** Best first. */
  readonly runnersUp: readonly RunnerUp[];
  /** Why this layout, in sentences; answers to what readers ask. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** A GPU that no model uses. */
export interface IdleGpu {
  readonly gpu: string;
  /** Why, and what it could do ("offers 12 GiB: Qwen/Qwen3-8B-AWQ would fit with 16k of context"). */
  readonly reason: string;
}

/** All models of a stack on its hardware. */
export interface ServingPlans {
  readonly models: readonly ServingPlan[];
  readonly idle: readonly IdleGpu[];
}
