/** What TP, PP and expert parallel must divide. All places are in vLLM 0.29.0. */
import type { Candidate, Rule } from "./types";

/** Rows of the embedding and the head are padded to a multiple of this. @see vllm vocab_parallel_embedding.py, DEFAULT_VOCAB_PADDING_SIZE */
const vocabPadding = 64;

/** Entries of the vocabulary with padding. */
export const paddedVocab = (vocab: number): number => Math.ceil(vocab / vocabPadding) * vocabPadding;

/** The pin on TP, where the user made one. */
export const tensorPin = ({ pins }: Candidate): { pin?: "tensorParallel" } =>
  pins.tensorParallel === undefined ? {} : { pin: "tensorParallel" };

const pipelinePin = ({ pins }: Candidate): { pin?: "pipelineParallel" } =>
  pins.pipelineParallel === undefined ? {} : { pin: "pipelineParallel" };

/** TP divides the attention heads. @see vllm/config/model.py, verify_with_parallel_config */
export const heads: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const tp = layout.tensorParallel;
  if (shape.heads % tp === 0) return undefined;
  return {
    rule: "heads",
    found: `TP ${tp} and ${shape.heads} attention heads`,
    needed: `a TP that divides ${shape.heads}`,
    because: "vllm/config/model.py, verify_with_parallel_config",
    ...tensorPin(candidate),
  };
};

/**
 * KV heads are divided evenly, or each is copied to equally many ranks: one of TP and KV heads is a multiple of the other.
 * MLA has no KV heads to divide. @see vllm/model_executor/layers/linear.py, QKVParallelLinear
 */
export const kvHeads: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const tp = layout.tensorParallel;
  if (shape.mla !== undefined || shape.kvHeads % tp === 0 || tp % shape.kvHeads === 0) return undefined;
  return {
    rule: "kv-heads",
    found: `TP ${tp} and ${shape.kvHeads} KV heads`,
    needed: `a TP that divides ${shape.kvHeads}, or a multiple of ${shape.kvHeads}`,
    because: "vllm/model_executor/layers/linear.py, QKVParallelLinear",
    ...tensorPin(candidate),
  };
};

/** TP divides the heads of linear attention. @see vllm/model_executor/layers/mamba/mamba_utils.py, gated_delta_net_state_shape */
export const linearHeads: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const tp = layout.tensorParallel;
  if (shape.linear === undefined) return undefined;
  const { keyHeads, valueHeads } = shape.linear;
  const odd = [keyHeads, valueHeads].find((count) => count % tp !== 0);
  if (odd === undefined) return undefined;
  return {
    rule: "linear-heads",
    found: `TP ${tp} and ${odd} ${odd === keyHeads ? "key" : "value"} heads of linear attention`,
    needed: `a TP that divides ${keyHeads} and ${valueHeads}`,
    because: "vllm/model_executor/layers/mamba/mamba_utils.py, gated_delta_net_state_shape",
    ...tensorPin(candidate),
  };
};

/** Widths of the feed-forward layers that TP slices; experts not, where each rank has whole ones. */
function slicedWidths({ shape, layout }: Candidate): readonly number[] {
  const { moe } = shape;
  if (moe === undefined) return [shape.intermediate];
  const widths = layout.expertParallel === true ? [] : [moe.intermediate];
  if (moe.sharedIntermediate > 0) widths.push(moe.sharedIntermediate);
  if (moe.denseLayers > 0) widths.push(shape.intermediate);
  return widths;
}

/**
 * TP divides every feed-forward width.
 * @see vllm/model_executor/layers/linear.py, ColumnParallelLinear; fused_moe/config.py, FusedMoEConfig.__post_init__
 */
export const feedForward: Rule = (candidate) => {
  const tp = candidate.layout.tensorParallel;
  const width = slicedWidths(candidate).find((each) => each % tp !== 0);
  if (width === undefined) return undefined;
  return {
    rule: "feed-forward",
    found: `TP ${tp} and a feed-forward width of ${width}`,
    needed: `a TP that divides ${width}`,
    because: "vllm/model_executor/layers/linear.py, ColumnParallelLinear; fused_moe/config.py, FusedMoEConfig",
    ...tensorPin(candidate),
  };
};

/**
 * The experts of gpt-oss are divided by all ranks of the replica, PP included.
 * @see vllm/model_executor/models/gpt_oss.py, MLPBlock
 */
export const gptOssExperts: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const ranks = layout.tensorParallel * layout.pipelineParallel;
  if (shape.moe?.biases !== true || shape.moe.intermediate % ranks === 0) return undefined;
  return {
    rule: "feed-forward",
    found: `TP ${layout.tensorParallel} x PP ${layout.pipelineParallel} and experts of width ${shape.moe.intermediate}`,
    needed: `TP x PP that divides ${shape.moe.intermediate}`,
    because: "vllm/model_executor/models/gpt_oss.py, MLPBlock",
    ...tensorPin(candidate),
  };
};

/** TP divides the padded vocabulary. @see vllm/model_executor/layers/vocab_parallel_embedding.py, VocabParallelEmbedding */
export const vocabulary: Rule = (candidate) => {
  const tp = candidate.layout.tensorParallel;
  const padded = paddedVocab(candidate.shape.vocab);
  if (padded % tp === 0) return undefined;
  return {
    rule: "vocabulary",
    found: `TP ${tp} and a vocabulary of ${padded} (${candidate.shape.vocab} padded to a multiple of ${vocabPadding})`,
    needed: `a TP that divides ${padded}`,
    because: "vllm/model_executor/layers/vocab_parallel_embedding.py, VocabParallelEmbedding",
    ...tensorPin(candidate),
  };
};

/**
 * No more ranks than experts. Expert parallel need not divide them: the first ranks then have one more.
 * @see vllm/model_executor/models/qwen3_moe.py, Qwen3MoeSparseMoeBlock; fused_moe/expert_map_manager.py, determine_expert_map
 */
export const experts: Rule = (candidate) => {
  const { shape, layout } = candidate;
  if (shape.moe === undefined || layout.tensorParallel <= shape.moe.experts) return undefined;
  return {
    rule: "experts",
    found: `TP ${layout.tensorParallel} and ${shape.moe.experts} experts`,
    needed: `a TP of at most ${shape.moe.experts}`,
    because: "vllm/model_executor/models/qwen3_moe.py, Qwen3MoeSparseMoeBlock",
    ...tensorPin(candidate),
  };
};

/** Expert parallel is for models with experts. @see vllm/config/model.py, _verify_with_expert_parallelism */
export const expertParallel: Rule = ({ shape, layout, pins }) => {
  if (layout.expertParallel !== true || shape.moe !== undefined) return undefined;
  return {
    rule: "expert-parallel",
    found: "expert parallel, and a model without experts",
    needed: "no expert parallel for this model",
    because: "vllm/config/model.py, _verify_with_expert_parallelism",
    ...(pins.expertParallel === true ? { pin: "expertParallel" } : {}),
  };
};

/**
 * Each PP rank has a layer. vLLM itself starts with an empty rank, which then only passes data on; that is never meant.
 * Every architecture that a ModelShape can describe implements SupportsPP, which PP above 1 needs.
 * @see vllm/distributed/utils.py, get_pp_indices; vllm/config/model.py, verify_with_parallel_config
 */
export const layers: Rule = (candidate) => {
  const { shape, layout } = candidate;
  if (layout.pipelineParallel <= shape.layers) return undefined;
  return {
    rule: "layers",
    found: `PP ${layout.pipelineParallel} and ${shape.layers} layers`,
    needed: `a PP of at most ${shape.layers}`,
    because: "vllm/distributed/utils.py, get_pp_indices",
    ...pipelinePin(candidate),
  };
};

/** One positive number of layers for each PP rank, together all layers. @see vllm/distributed/utils.py, get_pp_indices */
export const layerPartition: Rule = ({ shape, layout, pins }) => {
  const partition = layout.layerPartition;
  if (partition === undefined) return undefined;
  const sum = partition.reduce((total, each) => total + each, 0);
  const whole = partition.every((each) => Number.isInteger(each) && each > 0);
  if (whole && partition.length === layout.pipelineParallel && sum === shape.layers) return undefined;
  return {
    rule: "layer-partition",
    found: `the layer partition ${partition.join(",")} (${partition.length} parts, ${sum} layers)`,
    needed: `${layout.pipelineParallel} whole numbers from 1, together ${shape.layers}`,
    because: "vllm/distributed/utils.py, get_pp_indices (VLLM_PP_LAYER_PARTITION)",
    ...(pins.layerPartition === undefined ? {} : { pin: "layerPartition" }),
  };
};
