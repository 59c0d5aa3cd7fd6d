/**
 * Memory besides weights, KV cache and CUDA graphs: the activation peak of vLLM's profile run, what lies outside PyTorch.
 * The formulas were found on the rows of test/plan/calibration.json that say `sets`; each factor names its row.
 */
import type { LinearShape, ModelShape } from "../../catalog/modelShapes";
import { MIB, bytes, type Bytes } from "../../catalog/units";
import { kvHeadsPerRank, type Layout } from "./layout";
import { convWidth, isHopper } from "./tensors";
import { partsOf } from "./weights";

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
  /** Of the GPUs, as the catalogue writes it (86 for 8.6): some kernels store or need more on Hopper (90). @default kernels of older GPUs */
  readonly computeCapability?: number;
}

/**
 * Workspace that PyTorch keeps for cuBLAS: 32 MiB on compute capability 9 and above, 8.1 MiB before; the larger one, to be
 * on the safe side. @see pytorch aten/src/ATen/cuda/CublasHandlePool.cpp, getChosenWorkspaceSize
 */
export const cublasWorkspace = 32 * MIB;

/**
 * Buffer that clears the L2 cache while the compiler times kernels: as large as that cache, on an H200 60 MiB. Rows
 * `llama8b-pp2-21.6g-s64-cold` and `llama8b-tp2-21.6g-s64-cold`.
 */
const cacheFlush = 60 * MIB;

/**
 * Bytes a request and vocabulary entry in the sampler. V1: logits in 16 bit, and in 32 bit logits, probabilities, noise and
 * the buffer of top-k (which is less above one row a multiprocessor). V2: the logits, changed in place; with TP the rank's
 * part, the gathered ones and their copy in order. @see vllm v1/sample/sampler.py, topk_topp_sampler.py; v1/worker/gpu/sample
 */
const samplerBytes = { v1: 18, v2: 2, v2Gathered: 6 } as const;

/** Tokens whose keys and values MLA makes room for in the profile run. @see vllm mla_attention.py */
const mlaPrefillTokens = 65_536;

/**
 * Outside PyTorch: CUDA context growth, cuBLAS and kernels. Rows `llama8b-24g-cold` (one rank), `qwen3-30b-72g-s64-warm`
 * (experts on the V1 runner) and `llama70b-tp2`. Less with several ranks, because vLLM takes its first look after NCCL has
 * started: NCCL's own part, about 0.9 GiB, is before that and outside vLLM's share.
 */
const nonTorch = { one: 230 * MIB, experts: 246 * MIB, several: 68 * MIB } as const;

/**
 * vLLM's older model runner: models with experts, save a few architectures, of which the catalogue's fields tell only
 * DeepSeek V2 (no correction in its router). @see vllm/config/vllm.py 0.26, use_v2_model_runner
 */
export const onV1 = ({ moe, mla }: ModelShape): boolean =>
  moe !== undefined && !(mla !== undefined && !moe.routerCorrection);

/**
 * Bytes of the experts' buffers on one rank, which vLLM keeps once it has made them: each chosen expert has its own copy of
 * the token before and after. The MXFP4 kernels of Hopper have none. @see vllm fused_moe/experts/triton_moe.py,
 * marlin_moe.py, workspace_shapes; gpt_oss_triton_kernels_moe.py
 */
function expertBuffers(shape: ModelShape, layout: Layout, settings: RunSettings): number {
  const { moe, hidden } = shape;
  if (moe === undefined || (shape.quantization.format === "mxfp4" && isHopper(settings.computeCapability))) return 0;
  const width = layout.expertParallel === true ? moe.intermediate : moe.intermediate / layout.tensorParallel;
  return 2 * settings.maxNumBatchedTokens * moe.perToken * (Math.max(2 * width, hidden) + Math.max(width, hidden));
}

/** What stays from the first layer on: experts' buffers, and cuBLAS's where a layer has a matrix in 16 bit. */
function kept(shape: ModelShape, layout: Layout, settings: RunSettings): number {
  const { format } = shape.quantization;
  const has16bit = shape.moe !== undefined || format === "bf16" || format === "mxfp4";
  return expertBuffers(shape, layout, settings) + (has16bit ? cublasWorkspace : 0);
}

/**
 * Numbers that one token needs in a layer's attention on one rank: query, key and value before and after rotation, the
 * output, and three hidden states; with MLA the query, the compressed vector and two hidden states.
 */
function attentionWidth(shape: ModelShape, layout: Layout): number {
  const { hidden, mla, linear, heads, headDim } = shape;
  const own = heads / layout.tensorParallel;
  if (mla !== undefined) return own * (mla.nopeDim + mla.ropeDim) + mla.kvLoraRank + mla.ropeDim + 2 * hidden;
  const gate = linear === undefined ? 0 : own * headDim;
  const full = (3 * own + 3 * kvHeadsPerRank(shape, layout)) * headDim + gate + 3 * hidden;
  return linear === undefined ? full : Math.max(full, linearWidth(shape, linear, layout));
}

/**
 * The same for linear attention: what is projected, queries, keys and values after the convolution, the output before and after
 * its gate. What its kernels need besides is made when requests run, not in the profile run. From the source; not measured.
 * @see vllm layers/mamba/gdn/qwen_gdn_linear_attn.py
 */
function linearWidth({ hidden }: ModelShape, linear: LinearShape, { tensorParallel: tp }: Layout): number {
  const values = (linear.valueHeads * linear.valueDim) / tp;
  return 2 * convWidth(linear, tp) + 3 * values + 3 * hidden;
}

/**
 * The same for a feed-forward layer: gate and up, their product, the residual, the normed input, and the attention's output,
 * which is not freed yet. To 0.1 % on every warm dense row.
 */
function feedForwardWidth(shape: ModelShape, { tensorParallel }: Layout, width: number): number {
  const value = shape.mla?.valueDim ?? shape.headDim;
  return width === 0 ? 0 : (3 * width + shape.heads * value) / tensorParallel + 2 * shape.hidden;
}

/** Peak of one layer, with what is kept: a dense layer before experts has only cuBLAS's workspace so far. */
function layerPeak(shape: ModelShape, layout: Layout, settings: RunSettings, keeps: number): number {
  const { moe } = shape;
  const each = 2 * settings.maxNumBatchedTokens;
  const shared = feedForwardWidth(shape, layout, moe?.sharedIntermediate ?? 0);
  const dense = moe === undefined || moe.denseLayers > 0 ? feedForwardWidth(shape, layout, shape.intermediate) : 0;
  return Math.max(
    keeps + each * Math.max(attentionWidth(shape, layout), shared),
    keeps - expertBuffers(shape, layout, settings) + each * dense,
  );
}

/** MLA's attention with room for the keys and values of earlier chunks, unpacked for each head; 0 without MLA. */
function mlaPeak(shape: ModelShape, layout: Layout, settings: RunSettings, keeps: number): number {
  const { mla, heads } = shape;
  if (mla === undefined) return 0;
  const unpacked = 2 * mlaPrefillTokens * (heads / layout.tensorParallel) * (mla.nopeDim + mla.valueDim);
  const attention = 2 * settings.maxNumBatchedTokens * attentionWidth(shape, layout);
  return keeps + attention + unpacked;
}

/** The sampler with every slot taken, after a full batch. */
function samplerPeak(shape: ModelShape, layout: Layout, settings: RunSettings, keeps: number): number {
  const v2 = layout.tensorParallel > 1 ? samplerBytes.v2Gathered : samplerBytes.v2;
  const each = onV1(shape) ? samplerBytes.v1 : v2;
  const rows = Math.min(settings.maxNumSeqs, settings.maxNumBatchedTokens);
  return keeps + each * rows * shape.vocab + 2 * settings.maxNumBatchedTokens * shape.hidden;
}

/** What only a cold start takes: on the first PP rank, and on any. */
interface ColdPeaks {
  readonly first: number;
  readonly any: number;
}

const notCold: ColdPeaks = { first: 0, any: 0 };

/**
 * Peaks of a cold start, in which the compiler times kernels on buffers of its own: on the embedding matrix and two hidden
 * states (with TP or FP8 on one and the cache flush), and on a layer; with TP that is a second one (row `llama70b-tp2`).
 */
function coldPeaks(
  shape: ModelShape,
  layout: Layout,
  settings: RunSettings,
  { keeps, layer }: { keeps: number; layer: number },
): ColdPeaks {
  const hidden = 2 * settings.maxNumBatchedTokens * shape.hidden;
  const several = layout.tensorParallel > 1;
  const flushed = several || shape.quantization.format === "fp8";
  const embedding = partsOf(shape, layout).vocab.bytes;
  return {
    first: embedding + hidden + (flushed ? Math.max(hidden, cacheFlush) : hidden),
    any: layer + (several ? layer - keeps : 0) + cacheFlush,
  };
}

/** One image as an encoder sees it at its largest: tokens that it becomes, patches, and the widths for each patch. */
interface Encoder {
  readonly tokens: number;
  readonly patches: number;
  /** Three hidden states, and what a patch is made from, where it is kept. */
  readonly kept: number;
  readonly intermediate: number;
}

/**
 * Gemma 3's encoder (SigLIP): a layer holds twice the feed-forward width and three hidden states for each patch. From the
 * source; not measured. @see vllm 0.29 v1/worker/gpu/mm/encoder_runner.py, profile_encoder_cache (0.26 does not run it on V2)
 */
const siglip: Encoder = { tokens: 256, patches: 4096, kept: 3 * 1152, intermediate: 4304 };

/**
 * Qwen3-VL's tower, which Qwen3.5 and later have too: one image of 16 Mpixel, with its pixels and positions. Two published
 * logs of Qwen3.8-27B-FP8 at TP 2 have 1.6 GiB, a tenth more (noonghunna/club-3090#1087). Other towers are counted as this.
 * @see vllm/model_executor/models/qwen3_vl.py
 */
const qwenTower: Encoder = { tokens: 16_384, patches: 65_536, kept: 4 * 1152 + 3 * 2 * 16 ** 2, intermediate: 4304 };

/** The vision encoder with as many images as tokens fit in a step, at least one, on the first rank; 0 without one. */
function encoderPeak(shape: ModelShape, { tensorParallel }: Layout, settings: RunSettings): number {
  if (shape.visionParams === undefined) return 0;
  const { tokens, patches, kept: states, intermediate } = shape.norms === 4 ? siglip : qwenTower;
  const images = Math.max(1, Math.min(settings.maxNumSeqs, Math.floor(settings.maxNumBatchedTokens / tokens)));
  const width = (2 * intermediate) / tensorParallel + states;
  return 2 * images * (patches * width + tokens * shape.hidden);
}

/** Activation peak of each PP rank, in bytes. */
export type Peaks = (settings: RunSettings) => readonly Bytes[];

/**
 * Activation peaks in vLLM's profile run: the widest layer with a full batch, the sampler (last rank), on a cold start what
 * the compiler needs, and a vision encoder (first rank). To be asked with settings that differ from these in slots and
 * compile cache only: what does not depend on those is counted once.
 * @see vllm/v1/worker/gpu_model_runner.py and gpu/model_runner.py, profile_run
 */
export function peaksOf(shape: ModelShape, layout: Layout, settings: RunSettings): Peaks {
  const keeps = kept(shape, layout, settings);
  const layer = layerPeak(shape, layout, settings, keeps);
  const always = Math.max(layer, mlaPeak(shape, layout, settings, keeps));
  const cold = settings.enforceEager ? notCold : coldPeaks(shape, layout, settings, { keeps, layer });
  const last = layout.pipelineParallel - 1;
  return (own) => {
    const { first, any } = own.compileCache === "cold" ? cold : notCold;
    const between = bytes(Math.max(always, any));
    const peaks = Array<Bytes>(layout.pipelineParallel).fill(between);
    peaks[last] = bytes(Math.max(between, samplerPeak(shape, layout, own, keeps)));
    peaks[0] = bytes(Math.max(peaks[0] ?? 0, first, encoderPeak(shape, layout, own)));
    return peaks;
  };
}

/** The peaks with these settings. */
export const activationPeaks = (shape: ModelShape, layout: Layout, settings: RunSettings): readonly Bytes[] =>
  peaksOf(shape, layout, settings)(settings);

/** Memory outside PyTorch on each rank, in bytes; with experts a little more (`shape`). */
export function nonTorchBytes({ tensorParallel, pipelineParallel }: Layout, shape?: ModelShape): Bytes {
  if (tensorParallel * pipelineParallel > 1) return bytes(nonTorch.several);
  return bytes(shape !== undefined && onV1(shape) ? nonTorch.experts : nonTorch.one);
}
