/** What one rank of a PP stage reads and multiplies for a token: sums over its layers, made once for a shape and a layout. */
import type { ModelShape } from "../../catalog/modelShapes";
import { stateBytes } from "../memory/kvCache";
import { countLayers, kvHeadsPerRank, layerRanges, type LayerCounts, type Layout } from "../memory/layout";
import { noMatrices, partsOf, type MatrixWork, type Part, type Parts } from "../memory/weights";
import { remembered } from "../remembered";

export type { MatrixWork } from "../memory/weights";

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
  /** Layers that see all tokens, those with a sliding window, and those with linear attention. */
  readonly globalLayers: number;
  readonly localLayers: number;
  readonly linearLayers: number;
}

/** Work of a model in a layout. Depends on nothing else: keep it when many cards are tried. */
export interface Work {
  readonly stages: readonly StageWork[];
  /** Numbers in the cache for one token and layer on one rank. */
  readonly kvWidth: number;
  /** Products of a new token and one token of its context in one layer on one rank: when decoding, and of a prompt. */
  readonly decodeWidth: number;
  readonly promptWidth: number;
  /** Bytes of a sequence's state in one layer with linear attention on one rank; 0 without. */
  readonly stateBytes: number;
  /** Products of a new token in such a layer on one rank, besides its matrices. */
  readonly stateWidth: number;
}

type Widths = Omit<Work, "stages">;

/** Tokens that the kernels of linear attention take at a time in a prompt. @see vllm/model_executor/layers/fla/ops/chunk.py */
const chunkTokens = 64;

/**
 * Products of one token in linear attention, besides its matrices: with the state (read, changed, written), and with the
 * tokens of its chunk (keys with keys and queries, twice the values), counted as for a prompt. From the algorithm; not
 * measured. @see https://arxiv.org/abs/2412.06464
 */
function stateWidthOf({ linear }: ModelShape, { tensorParallel: tp }: Layout): number {
  if (linear === undefined) return 0;
  const { valueHeads, keyDim, valueDim } = linear;
  return (valueHeads / tp) * (3 * keyDim * valueDim + 2 * chunkTokens * (keyDim + valueDim));
}

/**
 * Widths of keys, and of queries times keys and weights times values. With MLA a prompt's keys and values are unpacked, and
 * decoding works on the compressed vector itself. @see vllm/v1/attention/backends/mla/common.py
 */
function widthsOf(shape: ModelShape, layout: Layout): Widths {
  const heads = shape.heads / layout.tensorParallel;
  const { mla, headDim } = shape;
  const both = headDim + headDim;
  const state = { stateBytes: stateBytes(shape, layout), stateWidth: stateWidthOf(shape, layout) };
  if (mla === undefined) {
    const kvWidth = kvHeadsPerRank(shape, layout) * both;
    return { ...state, kvWidth, decodeWidth: heads * both, promptWidth: heads * both };
  }
  const { kvLoraRank, ropeDim, nopeDim, valueDim } = mla;
  const vector = kvLoraRank + ropeDim;
  return {
    ...state,
    kvWidth: vector,
    decodeWidth: heads * (vector + kvLoraRank),
    promptWidth: heads * (nopeDim + ropeDim + valueDim),
  };
}

/** Remembered, because a search asks for the same shapes many times; the answer depends on nothing else. */
const widths = remembered(widthsOf, ({ tensorParallel }) => tensorParallel);

type Sort = Exclude<keyof Part, "bytes">;

/** A stage's layers, as so many of each part. */
function layersOf(parts: Parts, counts: LayerCounts): Pick<StageWork, Sort> {
  const { full, state, dense, experts } = parts;
  const { linear } = counts;
  const others = counts.global + counts.local;
  const sumOf = (kind: Sort): MatrixWork => {
    const [a, b, c, d] = [full[kind], state[kind], dense[kind], experts[kind]];
    return {
      bytes: others * a.bytes + linear * b.bytes + counts.dense * c.bytes + counts.experts * d.bytes,
      weights: others * a.weights + linear * b.weights + counts.dense * c.weights + counts.experts * d.weights,
    };
  };
  return { linear: sumOf("linear"), plain: sumOf("plain"), experts: sumOf("experts") };
}

/** Sums up a model in a layout. */
export function workOf(shape: ModelShape, layout: Layout): Work {
  const parts = partsOf(shape, layout);
  const stages = layerRanges(shape.layers, layout).map((range, rank): StageWork => {
    const counts = countLayers(shape, range);
    return {
      ...layersOf(parts, counts),
      layers: range.end - range.start,
      moeLayers: counts.experts,
      head: rank === layout.pipelineParallel - 1 ? parts.vocab : noMatrices,
      globalLayers: counts.global,
      localLayers: counts.local,
      linearLayers: counts.linear,
    };
  });
  return { stages, ...widths(shape, layout) };
}
