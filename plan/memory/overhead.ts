/**
 * Memory besides weights and KV cache: the activation peak of vLLM's profile run, what lies outside PyTorch, CUDA graphs.
 * The formulas were found on the rows of test/plan/calibration.json that say `sets`; each factor names its row.
 */
import type { ModelShape } from "../../catalog/modelShapes";
import { bytes, type Bytes } from "../../catalog/units";
import { kvHeadsPerRank, layerRanges, type Layout } from "./layout";
import { tensorBytes } from "./weights";
import { vocabTensor } from "./tensors";

const MIB = 2 ** 20;

/** What of the engine's settings these depend on. */
export interface RunSettings {
  /** Requests at the same time. */
  readonly maxNumSeqs: number;
  /** Tokens in one step. */
  readonly maxNumBatchedTokens: number;
  /** No compilation and no CUDA graphs. */
  readonly enforceEager: boolean;
  /** `cold`: the first start, nothing compiled yet. `warm`: a later one with the same cache directories. */
  readonly compileCache: "cold" | "warm";
}

/**
 * Hidden-state buffers that live through a feed-forward layer: residual, its norm, input, output and one of the compiler's.
 * With two of gate and up and one of their product the sum is exact to 2 KiB on row `llama8b-24g-warm`.
 */
const hiddenBuffers = 5;

/** Bytes a logit through the sampler, for each request and vocabulary entry: four 32-bit copies. From row `llama70b-tp2`. */
const samplerBytes = 16;

/** Hidden-state buffers besides the embedding matrix in a cold start, to 21 KiB on `llama8b-24g-cold`. */
const coldBuffers = 2;

/**
 * Outside PyTorch: CUDA context growth, cuBLAS and kernels. Rows `llama8b-24g-cold` (one rank) and `llama70b-tp2`. Less
 * with several ranks, because vLLM takes its first look after NCCL has started, and NCCL's own part is before that.
 */
const nonTorch = { one: 230 * MIB, several: 68 * MIB } as const;

/**
 * A CUDA graph of one batch size, for each layer: 0.156 to 0.193 MiB on the rows `llama8b-24g-cold`, `gemma27b-40g-cold`,
 * `qwen3-30b-h200` and `llama70b-tp2`.
 */
const graphBytesPerLayer = 0.175 * MIB;

/** vLLM captures each size twice: piecewise for prefill and mixed steps, whole for decoding. */
const graphModes = 2;

/**
 * Numbers that one token needs in the buffers of the experts on one rank, which vLLM keeps once it has made them: each
 * chosen expert has its own copy of the token, and its output reuses the buffer of gate and up.
 * @see vllm/model_executor/layers/fused_moe/modular_kernel.py, _allocate_buffers; vllm/v1/worker/workspace.py
 */
function expertBuffers({ moe, hidden }: ModelShape, { tensorParallel, expertParallel }: Layout): number {
  if (moe === undefined) return 0;
  const width = expertParallel === true ? moe.intermediate : moe.intermediate / tensorParallel;
  return moe.perToken * (Math.max(2 * width, hidden) + width);
}

/** Numbers that one token needs at the widest point of a layer on one rank, besides the hidden-state buffers. */
function widest(shape: ModelShape, layout: Layout): number {
  const tp = layout.tensorParallel;
  const { moe, mla } = shape;
  const heads = shape.heads / tp;
  const attention =
    mla === undefined
      ? (2 * heads + 2 * kvHeadsPerRank(shape, layout)) * shape.headDim
      : heads * (2 * (mla.nopeDim + mla.ropeDim) + mla.nopeDim + mla.valueDim);
  const dense = moe === undefined || moe.denseLayers > 0 ? (3 * shape.intermediate) / tp : 0;
  const shared = (3 * (moe?.sharedIntermediate ?? 0)) / tp;
  return expertBuffers(shape, layout) + Math.max(attention, dense, shared);
}

/**
 * Activation peak of each PP rank in vLLM's profile run, in bytes: the widest layer with a full batch, the sampler with
 * every slot taken (last rank), and on a cold start one more copy of the embedding matrix (first rank).
 * The encoder's own run of a model with vision is not in it.
 * @see vllm/v1/worker/gpu_model_runner.py, profile_run
 */
export function activationPeaks(shape: ModelShape, layout: Layout, settings: RunSettings): readonly Bytes[] {
  const tokens = settings.maxNumBatchedTokens;
  const hidden = 2 * tokens * shape.hidden;
  const layer = 2 * tokens * widest(shape, layout) + hiddenBuffers * hidden;
  const sampler = samplerBytes * settings.maxNumSeqs * shape.vocab + 2 * tokens * expertBuffers(shape, layout);
  const cold = settings.compileCache === "cold" && !settings.enforceEager;
  const embedding = tensorBytes(vocabTensor(shape, layout), shape.quantization) + coldBuffers * hidden;
  const last = layout.pipelineParallel - 1;
  return Array.from({ length: layout.pipelineParallel }, (_, rank) =>
    bytes(Math.max(layer, rank === last ? sampler : 0, rank === 0 && cold ? embedding : 0)),
  );
}

/** Memory outside PyTorch on each rank, in bytes. */
export const nonTorchBytes = ({ tensorParallel, pipelineParallel }: Layout): Bytes =>
  bytes(tensorParallel * pipelineParallel === 1 ? nonTorch.one : nonTorch.several);

/**
 * Batch sizes for which vLLM captures graphs: 1, 2, 4, then steps of 8 below 256 and of 16 from there, up to twice the
 * slots and at most 512. @see vllm/config/vllm.py, _set_cudagraph_sizes
 */
export function graphSizes({ maxNumSeqs, maxNumBatchedTokens, enforceEager }: RunSettings): readonly number[] {
  if (enforceEager) return [];
  const largest = Math.min(2 * maxNumSeqs, 512, maxNumBatchedTokens);
  const eights = Array.from({ length: 31 }, (_, i) => 8 * (i + 1));
  const sixteens = Array.from({ length: 17 }, (_, i) => 256 + 16 * i);
  return [1, 2, 4, ...eights, ...sixteens].filter((size) => size <= largest);
}

/** CUDA graphs of each PP rank, in bytes. */
export const graphBytes = (shape: ModelShape, layout: Layout, settings: RunSettings): readonly Bytes[] =>
  layerRanges(shape.layers, layout).map(({ start, end }) =>
    bytes(graphModes * graphSizes(settings).length * (end - start) * graphBytesPerLayer),
  );
