/** Bytes that the weights take on one rank once vLLM has loaded them. */
import type { ModelShape, Quantization } from "../../catalog/modelShapes";
import { MIB, bytes, type Bytes } from "../../catalog/units";
import { countLayers, layerRanges, type Layout } from "./layout";
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
function partsOf({ rows, columns }: Tensor, how: Quantization, capability?: number): readonly number[] {
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
    ? partsOf(tensor, quantization, tensor.kind === "expert" ? undefined : capability)
    : [(tensor.kind === "full" ? 4 : 2) * tensor.rows * tensor.columns];
  return parts.reduce((sum, part) => sum + allocated(part), 0);
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
  const size = (tensor: Tensor): number => tensorBytes(tensor, shape.quantization, computeCapability);
  const sum = (tensors: readonly Tensor[]): number => tensors.reduce((total, tensor) => total + size(tensor), 0);
  // Layers are of few kinds: each part is summed once, as the planner asks for many layouts.
  const full = sum(mixerTensors(shape, layout, false));
  const linear = shape.linear === undefined ? 0 : sum(mixerTensors(shape, layout, true));
  const experts = shape.moe === undefined ? 0 : sum(restTensors(shape, layout, true, computeCapability));
  const dense = shape.moe?.denseLayers === 0 ? 0 : sum(restTensors(shape, layout, false, computeCapability));
  const vocab = size(vocabTensor(shape, layout));
  const rope = size(ropeTensor(shape));
  const ranges = layerRanges(shape.layers, layout);
  return ranges.map(({ start, end }, rank) => {
    const first = rank === 0;
    const last = rank === ranges.length - 1;
    const counts = countLayers(shape, { start, end });
    const mixers = (counts.global + counts.local) * full + counts.linear * linear;
    const layers = mixers + counts.dense * dense + counts.experts * experts;
    const embedding = first ? vocab : 0;
    const head = (last ? 2 * shape.hidden : 0) + (last && !(shape.tied && first) ? vocab : 0);
    const vision = first ? (2 * (shape.visionParams ?? 0)) / layout.tensorParallel : 0;
    return {
      layers: bytes(layers),
      embedding: bytes(embedding),
      head: bytes(head),
      vision: bytes(vision),
      rope: bytes(rope),
      total: bytes(layers + embedding + head + vision + rope),
    };
  });
}
