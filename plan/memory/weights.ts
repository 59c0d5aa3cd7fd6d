/** Bytes that the weights take on one rank once vLLM has loaded them. */
import type { ModelShape, Quantization } from "../../catalog/modelShapes";
import { MIB, bytes, type Bytes } from "../../catalog/units";
import { countLayers, layerRanges, type Layout } from "./layout";
import { remembered } from "../remembered";
import { isHopper, mixerTensors, restTensors, ropeTensor, vocabTensor, type Tensor } from "./tensors";

/**
 * What PyTorch's allocator counts for a tensor of so many bytes. Above 10 MiB it asks for whole steps of 2 MiB and does not
 * split off a rest of 1 MiB or less, and from 20 MiB, where vLLM forbids splitting while it loads, none at all; below, it
 * rounds to 512 B. Quantized layers come in odd sizes and pay 1 to 2 MiB each.
 * @see pytorch c10/cuda/CUDACachingAllocator.cpp (kMinLargeAlloc, kRoundLarge, kSmallSize, kMinBlockSize);
 *   vllm/v1/worker/gpu_worker.py, load_model (max_split_size_mb)
 */
export function allocated(size: number): number {
  if (size <= 10 * MIB) return Math.ceil(size / 512) * 512;
  const step = Math.ceil(size / (2 * MIB)) * 2 * MIB;
  return step - size <= MIB || size >= 20 * MIB ? step : size;
}

/**
 * Bytes of a matrix's numbers and of its scales and zero points, each its own tensor. Machete (Hopper) keeps zero points in
 * 16 bit, already scaled. @see vllm kernels/linear/mixed_precision/machete.py
 */
function numbersOf({ rows, columns }: Tensor, how: Quantization, capability?: number): readonly number[] {
  const all = rows * columns;
  switch (how.format) {
    case "bf16":
      return [2 * all];
    case "int4": {
      const groups = rows * Math.ceil(columns / how.group);
      return [all / 2, 2 * groups, ...(how.zeros ? [isHopper(capability) ? 2 * groups : groups / 2] : [])];
    }
    case "fp8":
      return how.scales === "channel" ? [all, 4 * rows] : [all, 4 * Math.ceil(rows / 128) * Math.ceil(columns / 128)];
    case "mxfp4":
      return [all / 2, all / 32];
  }
}

/** Bytes of one tensor in the storage format of its kind. MXFP4 is for experts only. */
export function tensorBytes(tensor: Tensor, quantization: Quantization, capability?: number): number {
  const quantized = tensor.kind === "expert" || (tensor.kind === "linear" && quantization.format !== "mxfp4");
  const parts = quantized
    ? numbersOf(tensor, quantization, tensor.kind === "expert" ? undefined : capability)
    : [(tensor.kind === "full" ? 4 : 2) * tensor.rows * tensor.columns];
  return parts.reduce((sum, part) => sum + allocated(part), 0);
}

/** Matrices that every token goes through, or that it goes through a part of (experts). */
export interface MatrixWork {
  /** Bytes in memory. */
  readonly bytes: number;
  /** Numbers in them: products a token, were all of them used. */
  readonly weights: number;
}

/** One part of a layer on one rank. */
export interface Part {
  /** Attention, dense feed-forward, shared experts: in the model's storage format. */
  readonly linear: MatrixWork;
  /** Routers, norms and biases, in 16 bit. */
  readonly plain: MatrixWork;
  /** All routed experts of the rank. */
  readonly experts: MatrixWork;
  /** Bytes of all these, and of what is made from them while loading. */
  readonly bytes: number;
}

/** The two kinds of attention, the two kinds of what follows it, and the embedding or the head. Empty where no layer has it. */
export interface Parts {
  readonly full: Part;
  readonly state: Part;
  readonly dense: Part;
  readonly experts: Part;
  readonly vocab: MatrixWork;
}

export const noMatrices: MatrixWork = { bytes: 0, weights: 0 };

const noPart: Part = { linear: noMatrices, plain: noMatrices, experts: noMatrices, bytes: 0 };

/** Where each kind of tensor is counted; a copy is in the bytes of all only. */
const sorts = { linear: "linear", expert: "experts", plain: "plain", full: "plain", copy: undefined } as const;

function partOf({ quantization }: ModelShape, tensors: readonly Tensor[], capability?: number): Part {
  const sums = { linear: { ...noMatrices }, plain: { ...noMatrices }, experts: { ...noMatrices } };
  let all = 0;
  for (const tensor of tensors) {
    const size = tensorBytes(tensor, quantization, capability);
    const sort = sorts[tensor.kind];
    all += size;
    if (sort === undefined) continue;
    sums[sort].bytes += size;
    sums[sort].weights += tensor.rows * tensor.columns;
  }
  return { ...sums, bytes: all };
}

/** What parts depend on besides the shape. */
interface OnRank {
  readonly layout: Layout;
  readonly capability: number | undefined;
}

/** Remembered, because a search asks for the same shapes many times; the answer depends on nothing else. */
const rememberedParts = remembered(
  (shape: ModelShape, { layout, capability }: OnRank): Parts => {
    const part = (tensors: readonly Tensor[]): Part => partOf(shape, tensors, capability);
    const vocab = vocabTensor(shape, layout);
    return {
      full: part(mixerTensors(shape, layout, false)),
      state: shape.linear === undefined ? noPart : part(mixerTensors(shape, layout, true)),
      dense: shape.moe?.denseLayers === 0 ? noPart : part(restTensors(shape, layout, false, capability)),
      experts: shape.moe === undefined ? noPart : part(restTensors(shape, layout, true, capability)),
      vocab: { bytes: tensorBytes(vocab, shape.quantization), weights: vocab.rows * vocab.columns },
    };
  },
  ({ layout, capability = 0 }) => `${layout.tensorParallel} ${layout.expertParallel === true} ${capability}`,
);

/** Formats that a Hopper card stores in its own way. */
const ownOnHopper = (how: Quantization): boolean => how.format === "mxfp4" || (how.format === "int4" && how.zeros);

/**
 * The parts of a model on one rank, whatever the PP. `computeCapability`: of the GPUs; unknown counts as older than Hopper.
 */
export function partsOf(shape: ModelShape, layout: Layout, computeCapability?: number): Parts {
  const own = isHopper(computeCapability) && ownOnHopper(shape.quantization);
  return rememberedParts(shape, { layout, capability: own ? computeCapability : undefined });
}

/** Weights on one rank by what they are, in bytes. */
export interface WeightParts {
  readonly layers: Bytes;
  readonly embedding: Bytes;
  readonly head: Bytes;
  /** Vision tower and projector, split over the TP ranks of the first PP rank. */
  readonly vision: Bytes;
  /** Rope tables. */
  readonly rope: Bytes;
  readonly total: Bytes;
}

/**
 * Weights of each PP rank (its TP ranks are alike), in bytes. The embedding is on the first rank and the head on the
 * last; a tied head costs nothing there, unless they are two ranks: then the last one keeps a copy of the embedding.
 * `computeCapability`: of the GPUs; unknown counts as older than Hopper.
 * @see vllm/model_executor/models/utils.py (PPMissingLayer), llama.py
 */
export function weightsPerRank(shape: ModelShape, layout: Layout, computeCapability?: number): readonly WeightParts[] {
  const { full, state, dense, experts, vocab } = partsOf(shape, layout, computeCapability);
  const rope = tensorBytes(ropeTensor(shape), shape.quantization);
  const ranges = layerRanges(shape.layers, layout);
  const onRank = (layers: number, first: boolean, last: boolean): WeightParts => {
    const embedding = first ? vocab.bytes : 0;
    const head = (last ? 2 * shape.hidden : 0) + (last && !(shape.tied && first) ? vocab.bytes : 0);
    const vision = first ? (2 * (shape.visionParams ?? 0)) / layout.tensorParallel : 0;
    return {
      layers: bytes(layers),
      embedding: bytes(embedding),
      head: bytes(head),
      vision: bytes(vision),
      rope: bytes(rope),
      total: bytes(layers + embedding + head + vision + rope),
    };
  };
  // Ranks between the first and the last with as many bytes of layers are alike: the same object stands for all of them.
  const between = new Map<number, WeightParts>();
  return ranges.map((range, rank) => {
    const counts = countLayers(shape, range);
    const mixers = (counts.global + counts.local) * full.bytes + counts.linear * state.bytes;
    const layers = mixers + counts.dense * dense.bytes + counts.experts * experts.bytes;
    const [first, last] = [rank === 0, rank === ranges.length - 1];
    if (first || last) return onRank(layers, first, last);
    const own = between.get(layers) ?? onRank(layers, false, false);
    between.set(layers, own);
    return own;
  });
}
