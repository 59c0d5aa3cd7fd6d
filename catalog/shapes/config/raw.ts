/** What a config.json may hold, of what we read: unknown keys pass, known ones must have their type. */
import * as z from "zod";
import { shown, type Faults } from "./fault";

const count = z.number().int().positive();
const whole = z.number().int().nonnegative();

/** Scaling of the rotary embedding: transformers 5 calls it `rope_parameters`, version 4 `rope_scaling`. */
export const ropeSchema = z.looseObject({
  rope_type: z.string().nullish(),
  /** The name before transformers 4.45. */
  type: z.string().nullish(),
  factor: z.number().positive().nullish(),
  original_max_position_embeddings: count.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  mrope_section: z.array(z.number()).nullish(),
});

export type RawRope = z.infer<typeof ropeSchema>;

/** The language model: the whole config.json of a text model, `text_config` of one with vision. */
export const textSchema = z.looseObject({
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  intermediate_size: count,
  vocab_size: count,
  max_position_embeddings: count,
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  qkv_bias: z.boolean().nullish(),
  use_qk_norm: z.boolean().nullish(),
  rope_parameters: z.union([ropeSchema, z.record(z.string(), ropeSchema)]).nullish(),
  rope_scaling: ropeSchema.nullish(),
  original_max_position_embeddings: count.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  sliding_window: whole.nullish(),
  use_sliding_window: z.boolean().nullish(),
  max_window_layers: whole.nullish(),
  layer_types: z.array(z.string()).nullish(),
  sliding_window_pattern: count.nullish(),
  _sliding_window_pattern: count.nullish(),
  // Linear attention
  full_attention_interval: count.nullish(),
  linear_num_key_heads: count.nullish(),
  linear_num_value_heads: count.nullish(),
  linear_key_head_dim: count.nullish(),
  linear_value_head_dim: count.nullish(),
  linear_conv_kernel_dim: count.nullish(),
  mamba_ssm_dtype: z.string().nullish(),
  attn_output_gate: z.boolean().nullish(),
  // Experts
  num_local_experts: count.nullish(),
  num_experts: count.nullish(),
  n_routed_experts: count.nullish(),
  num_experts_per_tok: count.nullish(),
  moe_intermediate_size: count.nullish(),
  shared_expert_intermediate_size: whole.nullish(),
  n_shared_experts: whole.nullish(),
  first_k_dense_replace: whole.nullish(),
  moe_layer_freq: count.nullish(),
  decoder_sparse_step: count.nullish(),
  mlp_only_layers: z.array(whole).nullish(),
  topk_method: z.string().nullish(),
  // Multi-head latent attention
  q_lora_rank: count.nullish(),
  kv_lora_rank: count.nullish(),
  qk_rope_head_dim: count.nullish(),
  qk_nope_head_dim: count.nullish(),
  v_head_dim: count.nullish(),
});

export type RawText = z.infer<typeof textSchema>;

/** A vision tower, under the names of SigLIP, Pixtral and the Qwen towers. */
export const visionSchema = z.looseObject({
  hidden_size: count.nullish(),
  embed_dim: count.nullish(),
  num_hidden_layers: count.nullish(),
  depth: count.nullish(),
  intermediate_size: count.nullish(),
  mlp_ratio: z.number().positive().nullish(),
  image_size: count.nullish(),
  patch_size: count,
  temporal_patch_size: count.nullish(),
  spatial_merge_size: count.nullish(),
  num_position_embeddings: count.nullish(),
  /** Layers whose output a merger of its own hands to the language model (Qwen3-VL). */
  deepstack_visual_indexes: z.array(whole).nullish(),
});

/** The outermost object: what stands beside the language model. */
export const outerSchema = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  text_config: z.record(z.string(), z.unknown()).nullish(),
  vision_config: z.record(z.string(), z.unknown()).nullish(),
  quantization_config: z.record(z.string(), z.unknown()).nullish(),
  /** The name that compressed-tensors used at first. */
  compression_config: z.record(z.string(), z.unknown()).nullish(),
});

export type RawOuter = z.infer<typeof outerSchema>;

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Object.entries(inner).find(([name]) => name === String(key))?.[1]
        : undefined,
    value,
  );
}

/** What each kind of issue asks for, in words. */
function needed(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type")
    return issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`;
  if (issue.code === "too_small")
    return `a number ${issue.inclusive === true ? "of at least" : "above"} ${issue.minimum}`;
  if (issue.code === "too_big") return `a number of at most ${issue.maximum}`;
  return "a value as transformers writes it";
}

/** Reads a value by a schema. Undefined, and one fault for each field that is missing or of the wrong type. */
export function read<T>(schema: z.ZodType<T>, value: unknown, path: string, faults: Faults): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const place = [path, ...issue.path.map(String)].filter((part) => part !== "").join(".");
    const found = shown(valueAt(value, issue.path));
    const fix = "take the config.json that is published with the model, unchanged";
    faults.add({ path: place === "" ? "(config)" : place, found, needed: needed(issue), fix });
  }
  return undefined;
}
