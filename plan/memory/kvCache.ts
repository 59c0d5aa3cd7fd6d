/** The KV cache as vLLM lays it out: blocks of tokens, drawn from one pool by every group of layers. */
import type { ModelShape } from "../../catalog/modelShapes";
import { bytes, type Bytes } from "../../catalog/units";
import { globalBelow, kvHeadsPerRank, layerRanges, type Layout } from "./layout";
import { convWidth } from "./tensors";

/** What of the engine's settings the cache depends on. */
export interface KvSettings {
  /** Longest sequence in tokens. */
  readonly maxModelLen: number;
  /** Tokens in one step (`max_num_batched_tokens`). */
  readonly maxNumBatchedTokens: number;
  /** Bytes of one number in the cache: 2 for 16 bit, 1 for FP8. */
  readonly kvDtypeBytes: 1 | 2;
  /**
   * Tokens in a block: 16, or 64 where FlashMLA is the kernel; with linear attention raised so that a state fits in a block.
   * @see vllm/v1/attention/backends/mla/flashmla.py
   */
  readonly blockSize: number;
  /**
   * The next step is scheduled while this one runs, so that one more step holds its blocks. vLLM turns it on where the
   * executor can do it: one process or several on one host, and not over Ray. @see vllm/config/vllm.py, vllm/v1/executor
   */
  readonly asyncScheduling: boolean;
}

/** What a block depends on. */
type BlockSettings = Pick<KvSettings, "blockSize" | "kvDtypeBytes">;

/** How the cache of one model in one layout is divided. */
export interface KvLayout {
  /** Bytes of one block on each PP rank. All ranks have the same number of blocks. */
  readonly blockBytes: readonly Bytes[];
  /** Blocks that one sequence of the longest length takes, over all groups. */
  readonly blocksPerSequence: number;
}

/** Bytes of the model's own dtype, which the states of linear attention have. */
const dtypeBytes = 2;

/**
 * Bytes of the state that one layer with linear attention keeps for a sequence on one rank: the tokens that the convolution
 * looks back on, and a matrix for each head. 0 without such layers. FP8 for the cache does not change it.
 * @see vllm/model_executor/layers/mamba/mamba_utils.py, gated_delta_net_state_shape and gated_delta_net_state_dtype
 */
export function stateBytes({ linear }: ModelShape, { tensorParallel: tp }: Layout): number {
  if (linear === undefined) return 0;
  const { valueHeads, keyDim, valueDim, convKernel } = linear;
  const matrices = (valueHeads / tp) * valueDim * keyDim;
  return (convKernel - 1) * convWidth(linear, tp) * dtypeBytes + matrices * linear.stateBytes;
}

/** Bytes of one token in one layer: keys and values of the rank's heads, or with MLA one compressed vector, which every TP rank keeps whole. */
function tokenBytes(shape: ModelShape, layout: Layout, { kvDtypeBytes }: BlockSettings): number {
  const { mla } = shape;
  const width = mla === undefined ? 2 * kvHeadsPerRank(shape, layout) * shape.headDim : mla.kvLoraRank + mla.ropeDim;
  return width * kvDtypeBytes;
}

/**
 * Tokens in a block once vLLM has seen the model: all layers draw on the same blocks, so that one must hold the state of a
 * layer with linear attention. @see vllm/platforms/interface.py, _align_hybrid_block_size
 */
export function alignedBlockSize(shape: ModelShape, layout: Layout, settings: BlockSettings): number {
  const { blockSize } = settings;
  const steps = Math.ceil(stateBytes(shape, layout) / (blockSize * tokenBytes(shape, layout, settings)));
  return blockSize * Math.max(1, steps);
}

/** Bytes of one layer's part of a block. @see vllm/v1/kv_cache_interface.py, AttentionSpec, MLAAttentionSpec and MambaSpec */
export const pageBytes = (shape: ModelShape, layout: Layout, settings: BlockSettings): number =>
  alignedBlockSize(shape, layout, settings) * tokenBytes(shape, layout, settings);

/**
 * Layers in one group. All groups have the same number, so that their blocks are alike: as many as the rarer kind has;
 * or as the more frequent one has, when that is less than 1.5 times as many, which wastes less on padding.
 * @see vllm/v1/core/kv_cache_utils.py, _get_kv_cache_groups_uniform_page_size
 */
export function groupSize(global: number, local: number): number {
  if (global === 0 || local === 0) return global + local;
  const fewer = Math.min(global, local);
  const more = Math.max(global, local);
  return more < 1.5 * fewer ? more : fewer;
}

/**
 * Steps whose blocks may be held at the same time: one a PP rank, and one more with asynchronous scheduling (the older
 * model runner does without that one under PP; the difference is on the safe side).
 * @see vllm/config/vllm.py, max_concurrent_batches
 */
const concurrentBatches = ({ pipelineParallel }: Layout, { asyncScheduling }: KvSettings): number =>
  pipelineParallel + (asyncScheduling ? 1 : 0);

/**
 * Blocks that a full-length sequence takes in a group with a sliding window: the window, what is in flight (out of the
 * window, and not yet freed), and one because a window need not start at a block. @see SlidingWindowSpec
 */
function slidingBlocks(window: number, layout: Layout, settings: KvSettings): (maxModelLen: number) => number {
  const inFlight = concurrentBatches(layout, settings) * settings.maxNumBatchedTokens;
  return (maxModelLen) => Math.ceil(Math.min(window - 1 + inFlight, maxModelLen) / settings.blockSize) + 1;
}

/**
 * Blocks of a sequence in a group with linear attention, however long it is: the state, and one more, because prefix caching
 * is on and keeps the last one at the end of a block (`mamba_cache_mode: align`). vLLM counts no more than these; while memory
 * is free it keeps further ones for prompts to come.
 * @see vllm/v1/kv_cache_interface.py, MambaSpec; model_executor/models/config.py, MambaModelConfig
 */
const stateBlocks = 2;

/** Blocks of a sequence by its length, in a group of layers that do not see all tokens; 0 where there are none. */
function localBlocks(
  { sliding, linear }: ModelShape,
  layout: Layout,
  settings: KvSettings,
): (maxModelLen: number) => number {
  if (linear !== undefined) return () => stateBlocks;
  return sliding === undefined ? () => 0 : slidingBlocks(sliding.window, layout, settings);
}

/** Layers of the fullest of so many groups. */
const share = (layers: number, groups: number): number => (groups === 0 ? 0 : Math.ceil(layers / groups));

/** The cache of one model in one layout, for any length of a sequence. */
export interface KvDivision extends Pick<KvLayout, "blockBytes"> {
  /** Blocks that one sequence of so many tokens takes, over all groups. */
  readonly blocksOf: (maxModelLen: number) => number;
}

/** Divides the cache into groups and blocks, whatever `maxModelLen`. Each kind of layer is dealt out to its groups like cards. */
export function kvDivision(shape: ModelShape, layout: Layout, settings: KvSettings): KvDivision {
  const globalLayers = globalBelow(shape, shape.layers);
  const size = groupSize(globalLayers, shape.layers - globalLayers);
  const globalGroups = Math.ceil(globalLayers / size);
  const localGroups = Math.ceil((shape.layers - globalLayers) / size);
  const block = alignedBlockSize(shape, layout, settings);
  const page = block * tokenBytes(shape, layout, settings);
  const blockBytes = layerRanges(shape.layers, layout).map(({ start, end }) => {
    const global = globalBelow(shape, end) - globalBelow(shape, start);
    const local = end - start - global;
    const widest = Math.max(share(global, globalGroups), share(local, localGroups));
    return bytes(widest * page);
  });
  const local = localBlocks(shape, layout, settings);
  const blocksOf = (maxModelLen: number): number =>
    globalGroups * Math.ceil(maxModelLen / block) + localGroups * local(maxModelLen);
  return { blockBytes, blocksOf };
}

/** The division for the longest length that the settings say. */
export function kvLayout(shape: ModelShape, layout: Layout, settings: KvSettings): KvLayout {
  const { blockBytes, blocksOf } = kvDivision(shape, layout, settings);
  return { blockBytes, blocksPerSequence: blocksOf(settings.maxModelLen) };
}

/** What a pool of blocks holds. */
export interface KvCapacity {
  /** Blocks in the pool: as many as the PP rank with the least room has. */
  readonly blocks: number;
  /** Full-length sequences at the same time, as vLLM's "maximum concurrency" says. */
  readonly sequences: number;
  /** Tokens, as vLLM's "GPU KV cache size" says: sequences times the longest length, not a sum over layers. */
  readonly tokens: number;
  /** True when one full-length sequence fits; vLLM does not start otherwise. It keeps one block for itself. */
  readonly holdsOne: boolean;
}

/**
 * Capacity when each PP rank has so many bytes for the cache.
 * @see vllm/v1/core/kv_cache_utils.py, get_kv_cache_capacity and get_kv_cache_configs
 */
export function kvCapacity(layout: KvLayout, available: readonly number[], maxModelLen: number): KvCapacity {
  // A PP rank may have no layers at all; it then sets no limit.
  const blocks = layout.blockBytes.reduce(
    (least, block, rank) =>
      block === 0 ? least : Math.min(least, Math.floor(Math.max(0, available[rank] ?? 0) / block)),
    Infinity,
  );
  const sequences = blocks / layout.blocksPerSequence;
  return {
    blocks,
    sequences,
    tokens: Math.floor(sequences * maxModelLen),
    holdsOne: blocks - 1 >= layout.blocksPerSequence,
  };
}
