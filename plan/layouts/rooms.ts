/** Memory of one model in one layout for many settings: what does not change between them is counted once. */
import type { ModelShape } from "../../catalog/modelShapes";
import { GIB, bytes, type Bytes } from "../../catalog/units";
import {
  cachesOf,
  filledMemory,
  fixedMemory,
  starts,
  type EngineSettings,
  type FixedMemory,
  type MemoryEstimate,
  type RankMemory,
} from "../memory";
import { graphBytes } from "../memory/graphs";
import { kvCapacity, kvDivision, type KvCapacity } from "../memory/kvCache";
import type { Layout } from "../memory/layout";
import { peaksOf } from "../memory/overhead";

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
  /** No slots and no context help: on some rank the weights alone take the budget. */
  readonly hopeless: boolean;
  /** As `memoryOf` says, less what is kept in the node's memory. */
  readonly at: (settings: EngineSettings) => MemoryEstimate;
  /** Blocks that a sequence of so many tokens takes. */
  readonly blocksOf: (context: number) => number;
  /** True when vLLM starts with these settings and such a cache. */
  readonly starts: (settings: EngineSettings, ranks: readonly RankMemory[], kv: KvCapacity) => boolean;
}

/** So much of a rank's layers kept in the node's memory. @see vllm/config/offload.py, cpu_offload_gb */
function offloaded(rank: FixedMemory, gib: number): FixedMemory {
  const moved = Math.min(gib * GIB, rank.weights.layers);
  const { layers, total } = rank.weights;
  return { ...rank, weights: { ...rank.weights, layers: bytes(layers - moved), total: bytes(total - moved) } };
}

/** Counts what all settings share, and returns how to ask for the rest. */
export function roomsOf({ shape, layout, gpuBytes, settings, offloadGib }: RoomsRequest): Rooms {
  const whole = fixedMemory({ shape, layout, settings, gpuBytes });
  const fixed = offloadGib === 0 ? whole : whole.map((rank) => offloaded(rank, offloadGib));
  const peaks = peaksOf(shape, layout, settings);
  const { blockBytes, blocksOf } = kvDivision(shape, layout, settings);
  const graphs = new Map<number, readonly Bytes[]>();
  const at = (own: EngineSettings): MemoryEstimate => {
    const captured = graphs.get(own.maxNumSeqs) ?? graphBytes(shape, layout, own);
    graphs.set(own.maxNumSeqs, captured);
    const ranks = filledMemory(fixed, peaks(own), captured);
    const divided = { blockBytes, blocksPerSequence: blocksOf(own.maxModelLen) };
    const kv = kvCapacity(divided, cachesOf(ranks), own.maxModelLen);
    return { ranks, kv, fits: starts(shape, own, ranks, kv) };
  };
  return {
    hopeless: fixed.some(({ weights, budget }) => weights.total >= budget),
    at,
    blocksOf,
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
