/** What a model type says without writing it into its config.json: biases, norms, experts, defaults. */
import type { LinearShape, MlaShape, ModelShape, MoeShape } from "../modelShape";
import { linearOf } from "./linear";
import type { RawText } from "./raw";

/** Part of a shape that depends on the family. */
export type Traits = Partial<
  Pick<ModelShape, "qkvBias" | "outBias" | "qkNorm" | "norms" | "sinks"> & {
    readonly headDim: number;
    /** Undefined in a family with experts: a field that describes them is missing. */
    readonly moe: MoeShape | undefined;
    readonly mla: MlaShape | undefined;
    readonly linear: LinearShape | undefined;
  }
>;

/** One model type. */
export interface Family {
  /** What transformers' class fills in where config.json is silent. @see transformers 5, configuration_<type>.py */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Has experts, a compressed cache, or linear attention: its traits must be found. */
  readonly needs?: readonly ("moe" | "mla" | "linear")[];
  readonly traits: (text: RawText) => Traits;
  /** Every so many layers one is global, unless the config says otherwise. */
  readonly windowEvery?: number;
  /** The window counts only with `use_sliding_window`, and from layer `max_window_layers`. */
  readonly windowOptIn?: true;
  /** A second rotary table for the layers with a window. */
  readonly localRope?: true;
  /** `max_position_embeddings` has the scaling in it. */
  readonly scaledPositions?: true;
  /** Rotated share of a head. */
  readonly partialRotary?: number;
}

const noExtras = { sharedIntermediate: 0, denseLayers: 0, biases: false, routerCorrection: false } as const;

type Experts = Pick<MoeShape, "experts" | "perToken" | "intermediate">;

/** The three numbers without which experts cannot be counted. */
function expertsOf(experts?: number | null, perToken?: number | null, width?: number | null): Experts | undefined {
  if (typeof experts !== "number" || typeof perToken !== "number" || typeof width !== "number") return undefined;
  return { experts, perToken, intermediate: width };
}

/** Dense layers that stand at the start; undefined where they stand elsewhere, which a MoeShape cannot say. */
function leadingDense(text: RawText): number | undefined {
  const dense = [...(text.mlp_only_layers ?? [])].sort((a, b) => a - b);
  const regular = (text.decoder_sparse_step ?? 1) === 1 && dense.every((layer, index) => layer === index);
  return regular ? dense.length : undefined;
}

function qwenExperts(text: RawText): MoeShape | undefined {
  const own = expertsOf(text.num_experts, text.num_experts_per_tok, text.moe_intermediate_size);
  const denseLayers = leadingDense(text);
  if (own === undefined || denseLayers === undefined) return undefined;
  const sharedIntermediate = text.shared_expert_intermediate_size ?? 0;
  return {
    ...noExtras,
    ...own,
    denseLayers,
    sharedIntermediate,
    ...(sharedIntermediate > 0 ? { sharedGate: true } : {}),
  };
}

/** DeepSeek's way, which GLM follows: routed and shared experts of one width, the first layers dense. */
function sharedExperts(text: RawText, routerCorrection: boolean): MoeShape | undefined {
  const own = expertsOf(text.n_routed_experts, text.num_experts_per_tok, text.moe_intermediate_size);
  if (own === undefined || (text.moe_layer_freq ?? 1) !== 1) return undefined;
  const sharedIntermediate = (text.n_shared_experts ?? 0) * own.intermediate;
  return { ...noExtras, ...own, sharedIntermediate, denseLayers: text.first_k_dense_replace ?? 0, routerCorrection };
}

/** Mixtral and gpt-oss: every layer has experts, of the width that others call dense. */
function localExperts(text: RawText, biases: boolean): MoeShape | undefined {
  const own = expertsOf(text.num_local_experts, text.num_experts_per_tok, text.intermediate_size);
  return own === undefined ? undefined : { ...noExtras, ...own, biases };
}

function mlaOf(text: RawText): MlaShape | undefined {
  const { q_lora_rank: q, kv_lora_rank: kv, qk_rope_head_dim: rope, qk_nope_head_dim: nope, v_head_dim: value } = text;
  if (typeof q !== "number" || typeof kv !== "number" || typeof rope !== "number") return undefined;
  if (typeof nope !== "number" || typeof value !== "number") return undefined;
  return { qLoraRank: q, kvLoraRank: kv, ropeDim: rope, nopeDim: nope, valueDim: value };
}

function deepseekTraits(text: RawText): Traits {
  const mla = mlaOf(text);
  const headDim = mla === undefined ? {} : { headDim: mla.nopeDim + mla.ropeDim };
  return { moe: sharedExperts(text, text.topk_method === "noaux_tc"), mla, ...headDim };
}

const bias = (text: RawText): boolean => text.attention_bias ?? false;

const qwen2: Family = { windowOptIn: true, traits: () => ({ qkvBias: true }) };
const qwen3: Family = {
  defaults: { head_dim: 128 },
  windowOptIn: true,
  traits: (text) => ({ qkNorm: true, qkvBias: bias(text) }),
};
const qwen3Moe: Family = {
  windowOptIn: true,
  needs: ["moe"],
  traits: (text) => ({ qkNorm: true, qkvBias: bias(text), moe: qwenExperts(text) }),
};
/** What Qwen3-Next and Qwen3.5 share. @see vllm/transformers_utils/configs/qwen3_next.py, qwen3_5.py */
const gatedDelta = {
  head_dim: 256,
  linear_num_key_heads: 16,
  linear_num_value_heads: 32,
  linear_key_head_dim: 128,
  linear_value_head_dim: 128,
  linear_conv_kernel_dim: 4,
  full_attention_interval: 4,
} as const;
const hybridTraits = (text: RawText): Traits => ({
  qkNorm: true,
  qkvBias: text.qkv_bias ?? false,
  linear: linearOf(text),
});
const qwen35: Family = { defaults: gatedDelta, partialRotary: 0.25, needs: ["linear"], traits: hybridTraits };
const qwen35Moe: Family = {
  // Every layer has experts; the width of a dense one is written nowhere and used nowhere.
  defaults: { ...gatedDelta, intermediate_size: 512, shared_expert_intermediate_size: 512 },
  partialRotary: 0.25,
  needs: ["moe", "linear"],
  traits: (text) => ({ ...hybridTraits(text), moe: qwenExperts(text) }),
};
const mistral: Family = { defaults: { sliding_window: 4096 }, traits: () => ({}) };
const deepseek: Family = { needs: ["moe", "mla"], traits: deepseekTraits };
const gemma3: Family = {
  defaults: {
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    vocab_size: 262208,
    max_position_embeddings: 131072,
    sliding_window: 4096,
    tie_word_embeddings: true,
  },
  windowEvery: 6,
  localRope: true,
  scaledPositions: true,
  traits: (text) => ({ qkNorm: true, norms: 4, qkvBias: bias(text), outBias: bias(text) }),
};

/**
 * Model types that are understood, by `model_type` of the language model.
 * @see the vllm/model_executor/models file of each type, vLLM 0.29.0
 */
export const families: Readonly<Record<string, Family>> = {
  llama: { traits: (text) => ({ qkvBias: bias(text), outBias: bias(text) }) },
  mistral,
  mixtral: { needs: ["moe"], traits: (text) => ({ moe: localExperts(text, false) }) },
  qwen2,
  qwen2_vl_text: qwen2,
  qwen2_5_vl_text: qwen2,
  qwen2_moe: {
    windowOptIn: true,
    needs: ["moe"],
    traits: (text) => ({ qkvBias: text.qkv_bias ?? true, moe: qwenExperts(text) }),
  },
  qwen3,
  qwen3_vl_text: qwen3,
  qwen3_moe: qwen3Moe,
  qwen3_vl_moe_text: qwen3Moe,
  qwen3_next: qwen35Moe,
  qwen3_5_text: qwen35,
  qwen3_5_moe_text: qwen35Moe,
  gemma2: {
    defaults: { head_dim: 256, sliding_window: 4096, tie_word_embeddings: true },
    windowEvery: 2,
    traits: (text) => ({ norms: 4, qkvBias: bias(text), outBias: bias(text) }),
  },
  gemma3_text: gemma3,
  deepseek_v2: deepseek,
  deepseek_v3: deepseek,
  gpt_oss: {
    defaults: { head_dim: 64, sliding_window: 128 },
    windowEvery: 2,
    needs: ["moe"],
    traits: (text) => ({ qkvBias: true, outBias: true, sinks: true, moe: localExperts(text, true) }),
  },
  glm4: { partialRotary: 0.5, traits: (text) => ({ norms: 4, qkvBias: text.attention_bias ?? true }) },
  glm4_moe: {
    partialRotary: 0.5,
    needs: ["moe"],
    traits: (text) => ({ qkvBias: bias(text), qkNorm: text.use_qk_norm ?? false, moe: sharedExperts(text, true) }),
  },
  phi3: { traits: () => ({}) },
};

/** Model types with a vision tower, and the type of the language model where its own config does not say. */
export const withVision: Readonly<Record<string, string>> = {
  gemma3: "gemma3_text",
  mistral3: "mistral",
  qwen2_vl: "qwen2_vl_text",
  qwen2_5_vl: "qwen2_5_vl_text",
  qwen3_vl: "qwen3_vl_text",
  qwen3_vl_moe: "qwen3_vl_moe_text",
  qwen3_5: "qwen3_5_text",
  qwen3_5_moe: "qwen3_5_moe_text",
};

/** Why some common model types are not understood: by a part of their name. */
export const notUnderstood: readonly (readonly [name: RegExp, why: string])[] = [
  [
    /kimi_linear|minimax|bailing_hybrid|lfm2|qwen4_exp/,
    "layers with linear attention of another kind than Qwen3-Next's",
  ],
  [
    /mamba|jamba|bamba|zamba|falcon_h1|granitemoehybrid|nemotron_h|plamo2|rwkv/,
    "Mamba layers, whose state is not modelled",
  ],
  [/bert|roberta|^t5|bart|whisper|siglip|clip/, "an encoder, which does not generate text from a cache"],
  [/llama4/, "attention in chunks"],
  [/gemma4|gemma3n/, "layers whose heads differ in number or width"],
];
