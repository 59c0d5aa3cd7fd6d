/** What the storage format of the weights demands of a shard. All places are in vLLM 0.29.0. */
import type { ModelShape, PlainPart } from "../../catalog/modelShapes";
import { kvHeadsPerRank, type Layout } from "../memory/layout";
import { tensorPin } from "./division";
import type { Candidate, Rule } from "./types";

const block = 128;

/** Compute capability from which GPUs have FP8 units. @see vllm/platforms/cuda.py, supports_fp8 */
export const fp8Capability = 89;

/** Smallest block that vLLM refines the scales of experts to. @see vllm fused_moe/oracle/fp8.py, refine_fp8_moe_block_shape */
const finestBlock = 32;

/** A matrix of a layer as TP cuts it, and what it is called. */
interface Shard {
  readonly name: string;
  /** Width on one rank. */
  readonly width: number;
}

/** A shard, and the part of the layer that it is of: one that stays in 16 bit has no blocks and no groups. */
type PartShard = Shard & { readonly part?: PlainPart };

const quantizedOnly = ({ plainParts = [] }: ModelShape, shards: readonly PartShard[]): readonly Shard[] =>
  plainParts.length === 0 ? shards : shards.filter(({ part }) => part === undefined || !plainParts.includes(part));

/** Widths on one rank where TP cuts the inputs of a matrix (row parallel), dense layers only. */
export function rowShards(shape: ModelShape, { tensorParallel: tp }: Layout): readonly Shard[] {
  const { moe, mla, linear } = shape;
  const values = shape.heads * (mla?.valueDim ?? shape.headDim);
  const shards: PartShard[] = [{ name: "attention output", width: values / tp, part: "attention" }];
  if (linear !== undefined) {
    const width = (linear.valueHeads * linear.valueDim) / tp;
    shards.push({ name: "linear attention's output", width, part: "linear" });
  }
  if (moe === undefined || moe.denseLayers > 0)
    shards.push({ name: "feed-forward layer", width: shape.intermediate / tp });
  if (moe !== undefined && moe.sharedIntermediate > 0)
    shards.push({ name: "shared expert", width: moe.sharedIntermediate / tp, part: "shared" });
  return quantizedOnly(shape, shards);
}

/**
 * Widths on one rank where TP cuts the outputs of a matrix, one entry for each part of a fused one; the feed-forward
 * widths are those of rowShards.
 */
function columnShards(shape: ModelShape, layout: Layout): readonly Shard[] {
  const { mla, linear, headDim } = shape;
  const tp = layout.tensorParallel;
  const heads = shape.heads / tp;
  const part = "attention";
  if (mla !== undefined) {
    return quantizedOnly(shape, [
      { name: "query projection", width: heads * (mla.nopeDim + mla.ropeDim), part },
      { name: "key and value projection", width: heads * (mla.nopeDim + mla.valueDim), part },
    ]);
  }
  const keys = linear === undefined ? 0 : (linear.keyHeads * linear.keyDim) / tp;
  return quantizedOnly(shape, [
    { name: "query projection", width: heads * headDim, part },
    { name: "key projection", width: kvHeadsPerRank(shape, layout) * headDim, part },
    ...(linear === undefined ? [] : [{ name: "linear attention's keys", width: keys, part: "linear" } as const]),
  ]);
}

/** Width of an expert on one rank. */
const expertWidth = (intermediate: number, { expertParallel, tensorParallel }: Layout): number =>
  expertParallel === true ? intermediate : intermediate / tensorParallel;

/** The lowest compute capability of the group: what all its GPUs can do. */
export const lowestCapability = ({ gpus }: Candidate): number =>
  gpus.reduce((lowest, { computeCapability }) => Math.min(lowest, computeCapability), Infinity);

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * FP8 in blocks of 128 x 128, dense layers: every shard is whole blocks. Also on one GPU for the parts of fused matrices.
 * @see vllm/model_executor/layers/quantization/utils/fp8_utils.py, validate_fp8_block_shape
 */
export const blockFp8: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const { quantization } = shape;
  if (quantization.format !== "fp8" || quantization.scales !== "block128") return undefined;
  const odd = (shard: Shard): boolean => shard.width % block !== 0;
  const shard = columnShards(shape, layout).find(odd) ?? rowShards(shape, layout).find(odd);
  if (shard === undefined) return undefined;
  return {
    rule: "block-fp8",
    found: `TP ${layout.tensorParallel}, which leaves ${shard.width} of the ${shard.name} on a GPU`,
    needed: `a TP that leaves a multiple of ${block}, the block of these FP8 weights`,
    because: "vllm/model_executor/layers/quantization/utils/fp8_utils.py, validate_fp8_block_shape",
    ...tensorPin(candidate),
  };
};

/** True where vLLM may divide the blocks of the experts' scales so that a shard is whole ones. */
function refinable(width: number, candidate: Candidate): boolean {
  const finest = greatestCommonDivisor(greatestCommonDivisor(block, width), candidate.shape.hidden);
  return finest >= finestBlock && lowestCapability(candidate) >= fp8Capability;
}

/**
 * FP8 in blocks, experts: a slice is whole blocks. Where it is not, vLLM 0.29 repeats scales for finer blocks (32 at
 * least), which only the Triton kernel takes, and that one needs FP8 units; before compute capability 8.9 only Marlin is
 * left, which wants 128. Expert parallel keeps experts whole and is the way out.
 * @see vllm fused_moe/oracle/fp8.py, refine_fp8_moe_block_shape and select_fp8_moe_backend; quantization/fp8.py, Fp8MoEMethod
 */
export const blockFp8Experts: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const { quantization, moe } = shape;
  if (moe === undefined || quantization.format !== "fp8" || quantization.scales !== "block128") return undefined;
  const width = expertWidth(moe.intermediate, layout);
  if (width % block === 0 || refinable(width, candidate)) return undefined;
  const capability = lowestCapability(candidate);
  return {
    rule: "block-fp8",
    found: `TP ${layout.tensorParallel}, which leaves ${width} of each expert's ${moe.intermediate} on a GPU`,
    needed:
      `a TP that leaves a multiple of ${block}` +
      (capability < fp8Capability ? " (finer blocks need compute capability 8.9)" : "") +
      ", or expert parallel, which keeps experts whole",
    because:
      "vllm/model_executor/layers/fused_moe/oracle/fp8.py, refine_fp8_moe_block_shape and select_fp8_moe_backend",
    ...tensorPin(candidate),
  };
};

/** Groups that Marlin has kernels for. @see vllm quantization/utils/marlin_utils.py, MARLIN_SUPPORTED_GROUP_SIZES */
const marlinGroups: readonly number[] = [32, 64, 128];

/**
 * 4-bit weights, dense layers: a shard's input is whole groups. Shards that miss Marlin's tiles (64 outputs, 128 inputs)
 * are no fault since vLLM pads them. AWQ with another group falls back to a slower kernel; the symmetric formats do not.
 * @see vllm/distributed/utils.py, verify_group_size_divides_partition; marlin_utils.py, verify_marlin_supported
 */
export const groupSize: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const { quantization } = shape;
  if (quantization.format !== "int4") return undefined;
  const { group, zeros } = quantization;
  if (!zeros && !marlinGroups.includes(group)) {
    return {
      rule: "group-size",
      found: `4-bit weights in groups of ${group}`,
      needed: `groups of ${marlinGroups.join(", ")}`,
      because: "vllm/model_executor/layers/quantization/utils/marlin_utils.py, verify_marlin_supported",
    };
  }
  const shard = rowShards(shape, layout).find(({ width }) => width % group !== 0);
  if (shard === undefined) return undefined;
  return {
    rule: "group-size",
    found: `TP ${layout.tensorParallel}, which leaves ${shard.width} inputs of the ${shard.name} on a GPU`,
    needed: `a TP that leaves a multiple of ${group}, the group of these 4-bit weights`,
    because: "vllm/distributed/utils.py, verify_group_size_divides_partition; auto_awq.py, create_weights",
    ...tensorPin(candidate),
  };
};

/** True when half the group, or half of that down to 32, divides both. @see vllm quantization/moe_wna16.py, MoeWNA16Method */
function halvesFit(group: number, width: number, hidden: number): boolean {
  for (let each = group; each >= finestBlock; each = Math.floor(each / 2)) {
    if (width % each === 0 && hidden % each === 0) return true;
  }
  return false;
}

/**
 * 4-bit weights, experts: a slice is whole groups. AWQ has a slower kernel that repeats scales for smaller groups (32 at
 * least). The symmetric formats are held to the strict rule of compressed-tensors; GPTQ alone would fall back as AWQ does,
 * and a shape does not say which of the two it is.
 * @see vllm compressed_tensors_moe_wna16.py, create_weights; quantization/moe_wna16.py, MoeWNA16Method.create_weights
 */
export const expertGroups: Rule = (candidate) => {
  const { shape, layout } = candidate;
  const { quantization, moe } = shape;
  if (moe === undefined || quantization.format !== "int4") return undefined;
  const width = expertWidth(moe.intermediate, layout);
  const { group, zeros } = quantization;
  const fits = width % group === 0 && shape.hidden % group === 0;
  if (fits || (zeros && halvesFit(group, width, shape.hidden))) return undefined;
  return {
    rule: "expert-groups",
    found: `TP ${layout.tensorParallel}, which leaves ${width} of each expert's ${moe.intermediate} on a GPU`,
    needed: `a TP that leaves a multiple of ${group}, the group of these 4-bit weights, or expert parallel`,
    because: "vllm compressed_tensors_moe_wna16.py and moe_wna16.py, create_weights",
    ...tensorPin(candidate),
  };
};
