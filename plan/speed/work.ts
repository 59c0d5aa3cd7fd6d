/** What one rank of a PP stage reads and multiplies for a token: sums over its layers, made once for a shape and a layout. */
import type { ModelShape } from "../../catalog/modelShapes";
import { globalBelow, kvHeadsPerRank, layerRanges, type Layout } from "../memory/layout";
import { layerTensors, vocabTensor, type Tensor } from "../memory/tensors";
import { tensorBytes } from "../memory/weights";

/** Matrices that every token goes through, or that it goes through a part of (experts). */
export interface MatrixWork {
  /** Bytes in memory. */
  readonly bytes: number;
  /** Numbers in them: products a token, were all of them used. */
  readonly weights: number;
}

/** Work of one rank of one PP stage. All its TP ranks are alike. */
export interface StageWork {
  readonly layers: number;
  readonly moeLayers: number;
  /** Attention, dense feed-forward, shared experts: in the model's storage format. */
  readonly linear: MatrixWork;
  /** Routers, norms and biases, in 16 bit. */
  readonly plain: MatrixWork;
  /** All routed experts of the rank. */
  readonly experts: MatrixWork;
  /** The output head; zero but on the last stage. */
  readonly head: MatrixWork;
  /** Layers that see all tokens, and those with a sliding window. */
  readonly globalLayers: number;
  readonly localLayers: number;
}

/** Work of a model in a layout. Depends on nothing else: keep it when many cards are tried. */
export interface Work {
  readonly stages: readonly StageWork[];
  /** Numbers in the cache for one token and layer on one rank. */
  readonly kvWidth: number;
  /** Products of a new token and one token of its context in one layer on one rank: when decoding, and of a prompt. */
  readonly decodeWidth: number;
  readonly promptWidth: number;
}

const nothing: MatrixWork = { bytes: 0, weights: 0 };

function matrices(tensors: readonly Tensor[], kinds: readonly Tensor["kind"][], shape: ModelShape): MatrixWork {
  const chosen = tensors.filter(({ kind }) => kinds.includes(kind));
  return chosen.reduce(
    (sum, tensor) => ({
      bytes: sum.bytes + tensorBytes(tensor, shape.quantization),
      weights: sum.weights + tensor.rows * tensor.columns,
    }),
    nothing,
  );
}

/** So many of one layer and so many of another. */
const sumOf = (a: MatrixWork, times: number, b: MatrixWork, more: number): MatrixWork => ({
  bytes: times * a.bytes + more * b.bytes,
  weights: times * a.weights + more * b.weights,
});

type LayerWork = Pick<StageWork, "linear" | "plain" | "experts">;

/** The three parts of one layer. */
function layerWork(shape: ModelShape, layout: Layout, index: number): LayerWork {
  const tensors = layerTensors(shape, layout, index);
  return {
    linear: matrices(tensors, ["linear"], shape),
    plain: matrices(tensors, ["plain", "full"], shape),
    experts: matrices(tensors, ["expert"], shape),
  };
}

/** What does not depend on how layers are divided: the first layer, the last one (they differ with experts), the head. */
interface ShapeWork extends Pick<Work, "kvWidth" | "decodeWidth" | "promptWidth"> {
  readonly first: LayerWork;
  readonly last: LayerWork;
  readonly head: MatrixWork;
}

/**
 * Widths of keys, and of queries times keys and weights times values. With MLA a prompt's keys and values are unpacked, and
 * decoding works on the compressed vector itself. @see vllm/v1/attention/backends/mla/common.py
 */
function widthsOf(shape: ModelShape, layout: Layout): Pick<Work, "kvWidth" | "decodeWidth" | "promptWidth"> {
  const heads = shape.heads / layout.tensorParallel;
  const { mla, headDim } = shape;
  const both = headDim + headDim;
  if (mla === undefined) {
    return { kvWidth: kvHeadsPerRank(shape, layout) * both, decodeWidth: heads * both, promptWidth: heads * both };
  }
  const { kvLoraRank, ropeDim, nopeDim, valueDim } = mla;
  const vector = kvLoraRank + ropeDim;
  return {
    kvWidth: vector,
    decodeWidth: heads * (vector + kvLoraRank),
    promptWidth: heads * (nopeDim + ropeDim + valueDim),
  };
}

const shapeWork = (shape: ModelShape, layout: Layout): ShapeWork => ({
  ...widthsOf(shape, layout),
  first: layerWork(shape, layout, 0),
  last: layerWork(shape, layout, shape.layers - 1),
  head: matrices([vocabTensor(shape, layout)], ["plain"], shape),
});

/** Remembered, because a search asks for the same shapes many times; the answer depends on nothing else. */
const remembered = new WeakMap<ModelShape, Map<string, ShapeWork>>();

function rememberedWork(shape: ModelShape, layout: Layout): ShapeWork {
  const known = remembered.get(shape) ?? new Map<string, ShapeWork>();
  remembered.set(shape, known);
  const key = `${layout.tensorParallel} ${layout.expertParallel === true}`;
  const work = known.get(key) ?? shapeWork(shape, layout);
  known.set(key, work);
  return work;
}

/** Sums up a model in a layout. */
export function workOf(shape: ModelShape, layout: Layout): Work {
  const { first, last, head, ...widths } = rememberedWork(shape, layout);
  const dense = Math.min(shape.moe?.denseLayers ?? shape.layers, shape.layers);
  const stages = layerRanges(shape.layers, layout).map(({ start, end }, rank): StageWork => {
    const layers = end - start;
    const denseLayers = Math.max(0, Math.min(end, dense) - start);
    const moeLayers = layers - denseLayers;
    const globalLayers = globalBelow(shape, end) - globalBelow(shape, start);
    return {
      layers,
      moeLayers,
      linear: sumOf(first.linear, denseLayers, last.linear, moeLayers),
      plain: sumOf(first.plain, denseLayers, last.plain, moeLayers),
      experts: sumOf(first.experts, denseLayers, last.experts, moeLayers),
      head: rank === layout.pipelineParallel - 1 ? head : nothing,
      globalLayers,
      localLayers: layers - globalLayers,
    };
  });
  return { stages, ...widths };
}
