/** CUDA graphs: how many vLLM captures, and the memory that they take. */
import type { ModelShape } from "../../catalog/modelShapes";
import { MIB, bytes, type Bytes } from "../../catalog/units";
import { layerRanges, type Layout } from "./layout";
import { cublasWorkspace, onV1, type RunSettings } from "./overhead";

/**
 * CUDA graphs: the workspace of the capturing stream, and for each graph a part that is always there and one for each layer,
 * more with MLA, whose layers launch more kernels. To 25 % (what a graph takes also depends on the widths); one row with two
 * PP ranks is 30 % off. Rows `llama8b-21.6g-*`, `qwen3-8b-*`, `qwen3-30b-72g-*`, `deepseek-v2-lite-43.2g-s64-warm`.
 */
const graphCost = {
  v1: { graph: 1.2 * MIB, layer: 0.12 * MIB },
  v2: { graph: 1.5 * MIB, layer: 0.15 * MIB },
  mla: { graph: 1.5 * MIB, layer: 0.385 * MIB },
} as const;

const allSizes: readonly number[] = [
  ...[1, 2, 4],
  ...Array.from({ length: 31 }, (_, i) => 8 * (i + 1)),
  ...Array.from({ length: 49 }, (_, i) => 256 + 16 * i),
];

/** How many sizes are at most this; they are sorted. */
function sizesUpTo(most: number): number {
  let [low, high] = [0, allSizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((allSizes[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Batch size of the largest graph; 0 without any. */
function largestGraph({ enforceEager, maxNumSeqs, maxNumBatchedTokens }: RunSettings, shape?: ModelShape): number {
  if (enforceEager) return 0;
  return Math.min(shape?.sinks === true ? 1024 : Math.min(2 * maxNumSeqs, 512), maxNumBatchedTokens);
}

/**
 * Batch sizes for which vLLM captures graphs: 1, 2, 4, then steps of 8 below 256 and of 16 from there, up to twice the
 * slots and at most 512; for gpt-oss up to 1,024 whatever the slots (`shape`).
 * @see vllm/config/vllm.py, _set_cudagraph_sizes; model_executor/models/config.py, GptOssForCausalLMConfig
 */
export const graphSizes = (settings: RunSettings, shape?: ModelShape): readonly number[] =>
  allSizes.slice(0, sizesUpTo(largestGraph(settings, shape)));

/**
 * CUDA graphs of each PP rank, in bytes. Each size is captured in pieces for prefill and mixed steps, and those up to the
 * number of slots a second time, whole, for decoding.
 */
export function graphBytes(shape: ModelShape, layout: Layout, settings: RunSettings): readonly Bytes[] {
  const most = largestGraph(settings, shape);
  const graphs = sizesUpTo(most) + sizesUpTo(Math.min(most, settings.maxNumSeqs));
  const { graph, layer } = shape.mla !== undefined ? graphCost.mla : onV1(shape) ? graphCost.v1 : graphCost.v2;
  return layerRanges(shape.layers, layout).map(({ start, end }) =>
    bytes(graphs === 0 ? 0 : cublasWorkspace + graphs * (graph + (end - start) * layer)),
  );
}
