/** The weights of a model as the tensors that one rank keeps, in vLLM's fused form (qkv, gate and up, all experts in one). */
import type { LinearShape, MlaShape, ModelShape, MoeShape, PlainPart } from "../../catalog/modelShapes";
import { countLayers, kvHeadsPerRank, type Layout } from "./layout";

/** One tensor on one rank, `rows` outputs by `columns` inputs. */
export interface Tensor {
  readonly rows: number;
  readonly columns: number;
  /**
   * `linear` and `expert`: stored as the model's quantization says. `plain`: 16 bit. `full`: 32 bit.
   * `copy`: 16 bit and no parameter of its own, made from others while loading.
   */
  readonly kind: "linear" | "expert" | "plain" | "full" | "copy";
}

/** Rows of the embedding and of the head are padded to a multiple of this. @see vllm vocab_parallel_embedding.py */
const vocabPadding = 64;

/** MXFP4 experts are padded for the kernel: width a rank to 128, hidden to 256. @see vllm fused_moe/oracle/mxfp4.py (Marlin) */
const mxfp4Padding = { intermediate: 128, hidden: 256 } as const;

/** True on Hopper, where Machete takes the place of Marlin and Triton kernels run MXFP4. Unknown counts as no. */
export const isHopper = (computeCapability?: number): boolean =>
  computeCapability !== undefined && computeCapability >= 90 && computeCapability < 100;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

const tensor = (kind: Tensor["kind"], rows: number, columns = 1): Tensor => ({ kind, rows, columns });

function mlaTensors(shape: ModelShape, mla: MlaShape, tp: number): Tensor[] {
  const heads = shape.heads / tp;
  const { qLoraRank, kvLoraRank, ropeDim, nopeDim, valueDim } = mla;
  const keyValue = heads * (nopeDim + valueDim);
  const query = heads * (nopeDim + ropeDim);
  const down = qLoraRank === 0 ? kvLoraRank + ropeDim : qLoraRank + kvLoraRank + ropeDim;
  return [
    tensor("linear", down, shape.hidden), // the same on every TP rank
    tensor("plain", qLoraRank + kvLoraRank),
    tensor("linear", query, qLoraRank === 0 ? shape.hidden : qLoraRank), // DeepSeek V2 Lite does not compress queries
    tensor("linear", keyValue, kvLoraRank),
    tensor("copy", keyValue, kvLoraRank), // W_UK_T and W_UV, unpacked for decoding. @see vllm mla_attention.py
    tensor("linear", shape.hidden, heads * valueDim),
  ];
}

/** Width on one rank of what goes through the convolution: queries, keys and values side by side. */
export const convWidth = ({ keyHeads, keyDim, valueHeads, valueDim }: LinearShape, tp: number): number =>
  (2 * keyHeads * keyDim + valueHeads * valueDim) / tp;

/** The two small projections stay in 16 bit: in FP8 blocks they cannot be stored, and in 4 bit they would be next to nothing. */
function linearTensors({ hidden }: ModelShape, linear: LinearShape, tp: number): Tensor[] {
  const { valueHeads, valueDim, convKernel } = linear;
  const heads = valueHeads / tp;
  return [
    tensor("linear", convWidth(linear, tp) + heads * valueDim, hidden), // with the gate of the output
    tensor("plain", 2 * heads, hidden), // how much is written, and how much is forgotten
    tensor("plain", convWidth(linear, tp), convKernel),
    tensor("plain", heads), // dt_bias
    tensor("full", heads), // A_log
    tensor("plain", valueDim), // the norm of a head
    tensor("linear", hidden, heads * valueDim),
  ];
}

function attentionTensors(shape: ModelShape, layout: Layout): Tensor[] {
  const tp = layout.tensorParallel;
  if (shape.mla !== undefined) return mlaTensors(shape, shape.mla, tp);
  const heads = shape.heads / tp;
  const queries = shape.linear === undefined ? heads : 2 * heads; // with the gate of the output
  const qkv = (queries + 2 * kvHeadsPerRank(shape, layout)) * shape.headDim;
  return [
    tensor("linear", qkv, shape.hidden),
    tensor("linear", shape.hidden, heads * shape.headDim),
    ...(shape.qkvBias ? [tensor("plain", qkv)] : []),
    ...(shape.outBias ? [tensor("plain", shape.hidden)] : []),
    ...(shape.qkNorm ? [tensor("plain", 2 * shape.headDim)] : []),
    ...(shape.sinks ? [tensor("plain", heads)] : []),
  ];
}

const feedForward = (hidden: number, width: number): Tensor[] =>
  width === 0 ? [] : [tensor("linear", 2 * width, hidden), tensor("linear", hidden, width)];

/** Widths of the experts as stored: MXFP4 is padded for Marlin, and for the Triton kernels of Hopper but little. */
function expertWidths(shape: ModelShape, slice: number, capability?: number): { width: number; hidden: number } {
  if (shape.quantization.format !== "mxfp4") return { width: slice, hidden: shape.hidden };
  if (isHopper(capability)) return { width: roundUp(slice, 64), hidden: shape.hidden };
  return { width: roundUp(slice, mxfp4Padding.intermediate), hidden: roundUp(shape.hidden, mxfp4Padding.hidden) };
}

function moeTensors(shape: ModelShape, moe: MoeShape, layout: Layout, capability?: number): Tensor[] {
  const tp = layout.tensorParallel;
  const whole = layout.expertParallel === true;
  const experts = whole ? Math.ceil(moe.experts / tp) : moe.experts;
  const slice = whole ? moe.intermediate : moe.intermediate / tp;
  const { width, hidden } = expertWidths(shape, slice, capability);
  return [
    tensor("plain", moe.experts, shape.hidden), // the router, the same on every rank
    ...(moe.routerCorrection ? [tensor("full", moe.experts)] : []),
    tensor("expert", experts * 2 * width, hidden),
    tensor("expert", experts * hidden, width),
    ...(moe.biases ? [tensor("plain", moe.experts), tensor("plain", experts * (2 * width + hidden))] : []),
    ...stored(shape, "shared", feedForward(shape.hidden, moe.sharedIntermediate / tp)),
    ...(moe.sharedGate === true ? [tensor("plain", 1, shape.hidden)] : []),
  ];
}

/** The same in 16 bit where the quantization leaves this part out. */
const stored = (shape: ModelShape, part: PlainPart, tensors: Tensor[]): Tensor[] =>
  shape.plainParts?.includes(part) === true
    ? tensors.map((each) => (each.kind === "linear" ? { ...each, kind: "plain" } : each))
    : tensors;

/** Tensors of a layer's attention, full or linear, on one rank. */
export const mixerTensors = (shape: ModelShape, layout: Layout, linear: boolean): readonly Tensor[] =>
  linear && shape.linear !== undefined
    ? stored(shape, "linear", linearTensors(shape, shape.linear, layout.tensorParallel))
    : stored(shape, "attention", attentionTensors(shape, layout));

/** Tensors of what follows the attention, and of all norms of the layer, on GPUs of that compute capability. */
export const restTensors = (
  shape: ModelShape,
  layout: Layout,
  experts: boolean,
  capability?: number,
): readonly Tensor[] => [
  ...(experts && shape.moe !== undefined
    ? moeTensors(shape, shape.moe, layout, capability)
    : feedForward(shape.hidden, shape.intermediate / layout.tensorParallel)),
  tensor("plain", shape.norms * shape.hidden),
];

/** Tensors of layer `index` (from 0) on one rank. */
export function layerTensors(shape: ModelShape, layout: Layout, index: number, capability?: number): readonly Tensor[] {
  const { linear, experts } = countLayers(shape, { start: index, end: index + 1 });
  return [...mixerTensors(shape, layout, linear > 0), ...restTensors(shape, layout, experts > 0, capability)];
}

/** The embedding matrix, or the head, on one rank. */
export const vocabTensor = (shape: ModelShape, { tensorParallel }: Layout): Tensor =>
  tensor("plain", Math.ceil(roundUp(shape.vocab, vocabPadding) / tensorParallel), shape.hidden);

/** The rope tables, the same on every rank: in 16 bit, made while loading. @see vllm rotary_embedding/base.py */
export const ropeTensor = ({ rope }: ModelShape): Tensor => tensor("copy", rope.rows, rope.dim);

const single: Layout = { tensorParallel: 1, pipelineParallel: 1 };

/** Parameters of the whole model, unquantized and not padded: comparable with what hubs publish. */
export function parameterCount(shape: ModelShape): number {
  const plain: ModelShape = { ...shape, quantization: { format: "bf16" } };
  const layers = Array.from({ length: shape.layers }, (_, index) => layerTensors(plain, single, index)).flat();
  const inLayers = layers
    .filter(({ kind }) => kind !== "copy")
    .reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const ends = shape.vocab * shape.hidden * (shape.tied ? 1 : 2) + shape.hidden;
  return inLayers + ends + (shape.visionParams ?? 0);
}
