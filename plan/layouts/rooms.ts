/** Memory of one model in one layout for many settings: what does not change between them is counted once. */
import type { ModelShape } from "../../catalog/modelShapes";
import { GIB, bytes, type Bytes } from "../../catalog/units";
import { memoryOf, starts, type EngineSettings, type MemoryEstimate, type RankMemory } from "../memory";
import { alignedBlockSize, kvCapacity, kvLayout, type KvCapacity, type KvLayout } from "../memory/kvCache";
import type { Layout } from "../memory/layout";
import { activationPeaks, graphBytes } from "../memory/overhead";

/** What is placed where. */
export interface RoomsRequest {
  readonly shape: ModelShape;
  readonly layout: Layout;
  /** As in `MemoryRequest`. */
  readonly gpuBytes: readonly number[];
  /** The settings to start from; cache type, tokens in a step and share of memory stay as they are here. */
  readonly settings: EngineSettings;
  /** GiB of each rank's layers kept in the node's memory. */
  readonly offloadGib: number;
}

/** Memory by slots, context and state of the compile cache. */
export interface Rooms {
  /** As `memoryOf` says, less what is kept in the node's memory. */
  readonly at: (settings: EngineSettings) => MemoryEstimate;
  /** Blocks that a sequence of so many tokens takes. */
  readonly blocksOf: (context: number) => number;
  /** True when vLLM starts with these settings and such a cache. */
  readonly starts: (settings: EngineSettings, ranks: readonly RankMemory[], kv: KvCapacity) => boolean;
}

/** So much of a rank's layers kept in the node's memory. @see vllm/config/offload.py, cpu_offload_gb */
function offloaded(rank: RankMemory, gib: number): RankMemory {
  const moved = Math.min(gib * GIB, rank.weights.layers);
  const { layers, total } = rank.weights;
  return { ...rank, weights: { ...rank.weights, layers: bytes(layers - moved), total: bytes(total - moved) } };
}

function withOverhead(rank: RankMemory, parts: Pick<RankMemory, "activations" | "graphs">): RankMemory {
  const left = rank.budget - rank.weights.total - rank.nonTorch - parts.activations - parts.graphs;
  return { ...rank, ...parts, kvCache: bytes(Math.max(0, left)), missing: bytes(Math.max(0, -left)) };
}

/** The cache's division by context. Where all layers see all tokens, a sequence takes blocks in proportion to its length. */
function layoutsOf(shape: ModelShape, layout: Layout, settings: EngineSettings): (maxModelLen: number) => KvLayout {
  const blockSize = alignedBlockSize(shape, layout, settings);
  const first = kvLayout(shape, layout, settings);
  const known = new Map<number, KvLayout>([[settings.maxModelLen, first]]);
  const each = first.blocksPerSequence / Math.ceil(settings.maxModelLen / blockSize);
  const divide = (maxModelLen: number): KvLayout =>
    shape.sliding === undefined && shape.linear === undefined
      ? { ...first, blocksPerSequence: each * Math.ceil(maxModelLen / blockSize) }
      : kvLayout(shape, layout, { ...settings, maxModelLen });
  return (maxModelLen) => {
    const own = known.get(maxModelLen) ?? divide(maxModelLen);
    known.set(maxModelLen, own);
    return own;
  };
}

/** Counts what all settings share, and returns how to ask for the rest. */
export function roomsOf({ shape, layout, gpuBytes, settings, offloadGib }: RoomsRequest): Rooms {
  const first = memoryOf({ shape, layout, settings, gpuBytes }).ranks;
  const ranks = offloadGib === 0 ? first : first.map((rank) => offloaded(rank, offloadGib));
  const layoutAt = layoutsOf(shape, layout, settings);
  const graphs = new Map<number, readonly Bytes[]>([[settings.maxNumSeqs, first.map((rank) => rank.graphs)]]);
  const graphsAt = (own: EngineSettings): readonly Bytes[] => {
    const known = graphs.get(own.maxNumSeqs) ?? graphBytes(shape, layout, own);
    graphs.set(own.maxNumSeqs, known);
    return known;
  };
  const at = (own: EngineSettings): MemoryEstimate => {
    const activations = activationPeaks(shape, layout, own);
    const captured = graphsAt(own);
    const none = bytes(0);
    const now = ranks.map((rank, index) =>
      withOverhead(rank, { activations: activations[index] ?? none, graphs: captured[index] ?? none }),
    );
    const available = now.map(({ kvCache }) => kvCache);
    const kv = kvCapacity(layoutAt(own.maxModelLen), available, own.maxModelLen);
    return { ranks: now, kv, fits: starts(shape, own, now, kv) };
  };
  return {
    at,
    blocksOf: (context) => layoutAt(context).blocksPerSequence,
    starts: (own, now, kv) => starts(shape, own, now, kv),
  };
}

/** The same ranks with another context: nothing but the cache's division depends on it. */
export function withContext(
  rooms: Rooms,
  settings: EngineSettings,
  { ranks, kv: { blocks } }: MemoryEstimate,
  context: number,
): MemoryEstimate {
  const perSequence = rooms.blocksOf(context);
  const sequences = blocks / perSequence;
  const holdsOne = blocks - 1 >= perSequence;
  const kv = { blocks, sequences, tokens: Math.floor(sequences * context), holdsOne };
  return { ranks, kv, fits: rooms.starts(settings, ranks, kv) };
}
