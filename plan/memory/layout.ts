/** How a model is spread over GPUs, and how vLLM divides layers and heads between the ranks. */
import type { ModelShape } from "../../catalog/modelShapes";

/** Tensor parallel (TP) times pipeline parallel (PP): TP ranks share each layer, PP ranks hold some layers each. */
export interface Layout {
  /** TP ranks (>= 1). */
  readonly tensorParallel: number;
  /** PP ranks (>= 1). */
  readonly pipelineParallel: number;
  /** Layers of each PP rank (`VLLM_PP_LAYER_PARTITION`). @default vLLM's even split */
  readonly layerPartition?: readonly number[];
  /** Whole experts on each TP rank instead of a slice of every expert (`--enable-expert-parallel`). @default false */
  readonly expertParallel?: boolean;
}

/** Layers of one PP rank: from `start` up to, not including, `end`. */
export interface LayerRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Layers of each PP rank. Without a partition: as even as it goes, what is left over goes to the ranks before the last,
 * last of them first, so that the rank with the head is never the fuller one.
 * @throws RangeError when the partition does not match the layers or the ranks: a caller's mistake.
 * @see vllm/distributed/utils.py, get_pp_indices
 */
export function layerRanges(layers: number, layout: Layout): readonly LayerRange[] {
  const ranks = layout.pipelineParallel;
  if (ranks === 1 && layout.layerPartition === undefined) return [{ start: 0, end: layers }];
  const counts = [...(layout.layerPartition ?? Array<number>(ranks).fill(Math.floor(layers / ranks)))];
  if (layout.layerPartition === undefined) {
    const left = layers % ranks;
    for (let i = 2; i < left + 2; i++) counts[ranks - i] = (counts[ranks - i] ?? 0) + 1;
  }
  const sum = counts.reduce((total, count) => total + count, 0);
  if (counts.length !== ranks || sum !== layers) {
    throw new RangeError(`layers ${counts.join(",")} for ${ranks} ranks and ${layers} layers`);
  }
  let end = 0;
  return counts.map((count) => {
    const start = end;
    end += count;
    return { start, end };
  });
}

/** KV heads on one rank: replicated once there are more ranks than heads. @see vllm/config/model.py, get_num_kv_heads */
export const kvHeadsPerRank = (shape: ModelShape, { tensorParallel }: Layout): number =>
  Math.max(1, Math.floor(shape.kvHeads / tensorParallel));

/** Every so many layers one sees all tokens; 1 where all do. */
const globalEvery = ({ sliding, linear }: ModelShape): number => sliding?.globalEvery ?? linear?.fullEvery ?? 1;

/** Layers below `end` that see all tokens; the others have a sliding window or linear attention. */
export const globalBelow = (shape: ModelShape, end: number): number => Math.floor(end / globalEvery(shape));

/** Layers of a range by their kind: each has one sort of attention, and one of what follows it. */
export interface LayerCounts {
  /** That see all tokens, that have a sliding window, and that have linear attention. */
  readonly global: number;
  readonly local: number;
  readonly linear: number;
  /** With an ordinary feed-forward layer, and with routed experts. */
  readonly dense: number;
  readonly experts: number;
}

/** Counts the layers of a range. */
export function countLayers(shape: ModelShape, { start, end }: LayerRange): LayerCounts {
  const global = globalBelow(shape, end) - globalBelow(shape, start);
  const others = end - start - global;
  const linear = shape.linear === undefined ? 0 : others;
  const dense = Math.max(0, Math.min(end, shape.moe?.denseLayers ?? end) - start);
  return { global, local: others - linear, linear, dense, experts: end - start - dense };
}
