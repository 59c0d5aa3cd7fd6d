/** Layers with linear attention, from the config of a language model, as vLLM 0.29.0 reads them. */
import type { LinearShape } from "../modelShape";
import type { RawText } from "./raw";

/** Every so many layers one has full attention; undefined where they do not stand at equal distances. */
function fullEvery(text: RawText): number | undefined {
  const types = text.layer_types;
  if (types === undefined || types === null) return text.full_attention_interval ?? undefined;
  const every = types.indexOf("full_attention") + 1;
  const regular = types.every((type, index) =>
    (index + 1) % every === 0 ? type === "full_attention" : type === "linear_attention",
  );
  return every > 1 && types.length === text.num_hidden_layers && regular ? every : undefined;
}

/**
 * Gated delta net. Undefined where a number is missing, where the full-attention layers do not gate their output, or where
 * they do not stand at equal distances: none of these is published.
 * @see vllm/model_executor/models/qwen3_next.py, qwen3_5.py; models/config.py, Qwen3_5ForConditionalGenerationConfig
 */
export function linearOf(text: RawText): LinearShape | undefined {
  const every = fullEvery(text);
  const { linear_num_key_heads: keyHeads, linear_num_value_heads: valueHeads } = text;
  const { linear_key_head_dim: keyDim, linear_value_head_dim: valueDim, linear_conv_kernel_dim: convKernel } = text;
  if (every === undefined || text.attn_output_gate === false) return undefined;
  if (typeof keyHeads !== "number" || typeof valueHeads !== "number") return undefined;
  if (typeof keyDim !== "number" || typeof valueDim !== "number" || typeof convKernel !== "number") return undefined;
  const stateBytes = text.mamba_ssm_dtype === "float32" ? 4 : 2;
  return { fullEvery: every, keyHeads, valueHeads, keyDim, valueDim, convKernel, stateBytes };
}
