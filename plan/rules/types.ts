/** What the rules are asked about, and what they answer. */
import type { GpuModel } from "../../catalog/gpus";
import type { ModelShape } from "../../catalog/modelShapes";
import type { Gpu } from "../cluster/hardware";
import type { Dtype, KvCacheDtype, Pins } from "../cluster/types";
import type { Layout } from "../memory/layout";

/** One model in one layout on some GPUs, with the settings that the rules look at. */
export interface Candidate {
  readonly shape: ModelShape;
  readonly layout: Layout;
  /** The different GPU models of the group; the same model need not be there twice. */
  readonly gpus: readonly GpuModel[];
  readonly dtype: Dtype;
  readonly kvCacheDtype: KvCacheDtype;
  /** `max_model_len`, in tokens. @default not looked at */
  readonly contextTokens?: number;
  /** What the user pinned: a broken rule names the pin that it is about. */
  readonly pins: Pins;
}

/** Names of the rules; stable, for tests and for `--json`. */
export type RuleId =
  | "heads"
  | "kv-heads"
  | "linear-heads"
  | "feed-forward"
  | "vocabulary"
  | "experts"
  | "expert-parallel"
  | "layers"
  | "layer-partition"
  | "block-fp8"
  | "group-size"
  | "expert-groups"
  | "capability"
  | "dtype"
  | "kv-cache-dtype"
  | "context"
  | "gpu-memory-utilization"
  | "tool-parser"
  | "reasoning-parser";

/** A rule of vLLM's that the candidate breaks: the engine would refuse to start, or fail while it loads the model. */
export interface BrokenRule {
  readonly rule: RuleId;
  /** What is there, with numbers: "TP 3 and 32 attention heads". */
  readonly found: string;
  /** What would be accepted: "a TP that divides 32". */
  readonly needed: string;
  /** Where vLLM enforces it: file and function. */
  readonly because: string;
  /** The user's setting that it is about, when they made it. */
  readonly pin?: keyof Pins | "contextTokens";
}

/** One rule: what is broken, or undefined. Cheap: the search asks for every candidate; texts are made only when broken. */
export type Rule = (candidate: Candidate) => BrokenRule | undefined;

/** Something true of the candidate that is no fault. One sentence with numbers. */
export interface Note {
  readonly about:
    | "kv-heads"
    | "linear-attention"
    | "vocabulary"
    | "experts"
    | "fp8"
    | "mxfp4"
    | "marlin-padding"
    | "block-fp8"
    | "expert-groups"
    | "layers"
    | "gpu-memory-utilization"
    | "custom-all-reduce";
  readonly text: string;
}

/** The GPUs of one TP group, for the notes about how they talk to each other. */
export type TensorGroup = readonly Gpu[];
