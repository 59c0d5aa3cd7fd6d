/** vLLM's settings for a layout: slots, tokens in a step, context and share of memory, so that the engine starts. */
import { MIB } from "../../catalog/units";
import type { GpuModel } from "../../catalog/gpus";
import type { ServingRequest } from "../cluster/types";
import type { EngineSettings, MemoryEstimate } from "../memory";
import { alignedBlockSize } from "../memory/kvCache";
import type { Layout } from "../memory/layout";
import { roomsOf, withContext, type Rooms } from "./rooms";

/** Requests at the same time that speeds are for when nobody says how many. */
export const defaultConcurrency = 8;

/** Full-length requests that the cache should hold when nobody says how many: one may start while another ends. */
const defaultHeld = 2;

/** Context in tokens below which a layout is taken only when there is no other: a short document and its answer. */
export const usefulContext = 8192;

/** Steps of a context that nobody asked for, in tokens. */
const contextStep = 1024;

/**
 * Kept free of the estimated cache when nobody asked for a context: 8 % of it, what KV tokens may be off by, and 0.5 % of
 * the GPU, for what is outside of it. vLLM does not start when the context is a block too long. @see test/plan/calibration.test.ts
 */
const margin = { cache: 0.08, gpu: 0.005 } as const;

/** vLLM's default, 256 on cards below 70 GiB. Larger cards get 1,024 there, which costs memory that few use. */
export const defaultSlots = 256;

/** Fewest slots that are tried, and the most, which is vLLM's default on large cards. @see vllm/engine/arg_utils.py, get_batch_defaults */
const slotRange = { least: 4, most: 1024 } as const;

/**
 * Share of a GPU's memory. vLLM's own default for one GPU. With several, NCCL's buffers lie outside of what vLLM counts,
 * so it gets the share that was the default while it did not count them. @see vllm/config/cache.py
 */
const share = { one: 0.92, several: 0.9 } as const;

/**
 * MiB that a GPU of several must keep outside the share: NCCL's 0.9 GiB (plan/memory/overhead.ts, nonTorch) and 0.5 GiB for
 * the CUDA context, which is assumed. vLLM does not start when less than its share is free.
 */
const outsideShare = 1.4 * 1024;

/** The share of GPUs that form a replica together, in hundredths. */
const sharedMost = (cards: readonly GpuModel[]): number =>
  Math.min(
    share.several,
    ...cards.map(({ cudaTotalMib }) => Math.floor(100 * (1 - outsideShare / cudaTotalMib)) / 100),
  );

/** What one layout may be given: the cards of its PP ranks (the smallest of each TP group) and how many replicas. */
export interface Placed {
  readonly layout: Layout;
  readonly cards: readonly GpuModel[];
  readonly replicas: number;
}

/** Settings that make a layout start, or come nearest to it. */
export interface Fit {
  /** With the compile cache warm. */
  readonly settings: EngineSettings;
  readonly warm: MemoryEstimate;
  readonly cold: MemoryEstimate;
  /** `warm only`: the first start fails, while nothing is compiled yet. */
  readonly starts: "always" | "warm only" | "never";
  /** Context at least as asked, or at least the useful one. */
  readonly useful: boolean;
  /** The cache holds the wanted requests of a replica at that context. */
  readonly enough: boolean;
  /** Wanted requests of one replica. */
  readonly concurrency: number;
  /** What set the context. */
  readonly contextBy: "asked" | "model" | "memory";
}

/**
 * Tokens in one step, vLLM's default for an API server. A100 has 2,048 there although it is large, because more made it
 * slower; A800 is the same chip. @see vllm/engine/arg_utils.py, get_batch_defaults; vllm-project/vllm#17885
 */
export function defaultBatchedTokens(cards: readonly GpuModel[]): number {
  const large = cards.every(
    ({ cudaTotalMib, computeCapability }) => cudaTotalMib >= 70 * 1024 && computeCapability !== 80,
  );
  return large ? 8192 : 2048;
}

/** Context that a replica is to hold: as asked, or the useful one. */
export const wantedContext = ({ contextTokens, shape }: ServingRequest): number =>
  contextTokens ?? Math.min(usefulContext, shape.maxContext);

/** Wanted requests of one of so many replicas. */
export const concurrencyOf = (request: ServingRequest, replicas: number): number =>
  Math.max(1, Math.ceil((request.concurrency ?? defaultConcurrency) / Math.max(1, replicas)));

/** Slots to try, most first: vLLM's default or the wanted requests, then by halves. */
function slotsToTry(concurrency: number, batchedTokens: number): readonly number[] {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(defaultSlots, concurrency)));
  const most = Math.min(wanted, slotRange.most, batchedTokens);
  const tries: number[] = [];
  for (let slots = most; slots >= slotRange.least; slots = Math.floor(slots / 2)) tries.push(slots);
  return tries.length === 0 ? [Math.max(1, most)] : tries;
}

function baseSettings(request: ServingRequest, { layout, cards }: Placed): Omit<EngineSettings, "maxNumSeqs"> {
  const { pins, shape } = request;
  const ranks = layout.tensorParallel * layout.pipelineParallel;
  const kvDtypeBytes = pins.kvCacheDtype === "fp8" ? 1 : 2;
  return {
    maxModelLen: request.contextTokens ?? shape.maxContext,
    // vLLM takes no more slots than tokens in a step.
    maxNumBatchedTokens: pins.maxNumBatchedTokens ?? Math.max(defaultBatchedTokens(cards), pins.maxNumSeqs ?? 0),
    kvDtypeBytes,
    blockSize: alignedBlockSize(shape, layout, { blockSize: shape.mla === undefined ? 16 : 64, kvDtypeBytes }),
    asyncScheduling: false,
    enforceEager: pins.enforceEager ?? false,
    compileCache: "warm",
    computeCapability: Math.min(...cards.map((card) => card.computeCapability)),
    gpuMemoryUtilization: pins.gpuMemoryUtilization ?? (ranks === 1 ? share.one : sharedMost(cards)),
  };
}

/** Blocks that are safely there: what the estimate says, less the margin. */
function safeBlocks(memory: MemoryEstimate, gpuBytes: readonly number[]): number {
  const share = memory.ranks.reduce((least, { kvCache }, rank) => {
    const own = kvCache === 0 ? 0 : 1 - margin.cache - (margin.gpu * (gpuBytes[rank] ?? 0)) / kvCache;
    return Math.min(least, own);
  }, Infinity);
  return Math.max(0, memory.kv.blocks * share);
}

/**
 * The longest context, in steps, of which the blocks hold so many sequences; 0 when not even one step. The blocks of a
 * sequence grow by a straight line once it is longer than any window, so two points of the line give the answer.
 */
function longestContext(
  blocks: number,
  sequences: number,
  limit: number,
  perSequence: (context: number) => number,
): number {
  const holds = (context: number): boolean => perSequence(context) * sequences <= blocks - 1;
  if (holds(limit)) return limit;
  const [far, near] = [perSequence(limit), perSequence(limit / 2)];
  const slope = (far - near) / (limit / 2);
  const guess = limit - (far - (blocks - 1) / sequences) / slope;
  const steps = Math.floor(Math.min(guess, limit) / contextStep);
  for (let context = steps * contextStep; context > 0; context -= contextStep) if (holds(context)) return context;
  return 0;
}

interface Tried {
  readonly request: ServingRequest;
  readonly rooms: Rooms;
  readonly concurrency: number;
  readonly gpuBytes: readonly number[];
}

/** Context that nobody asked for: the longest for the wanted requests when those were asked for, else for one. */
function chosenContext({ request, rooms, concurrency, gpuBytes }: Tried, least: MemoryEstimate): number {
  const { maxContext } = request.shape;
  const blocks = safeBlocks(least, gpuBytes);
  const one = longestContext(blocks, 1, maxContext, rooms.blocksOf);
  if (request.concurrency === undefined || one <= usefulContext) return one;
  return Math.max(usefulContext, longestContext(blocks, concurrency, maxContext, rooms.blocksOf));
}

function contextSetBy({ request }: Tried, chosen: number): Fit["contextBy"] {
  if (request.contextTokens !== undefined) return "asked";
  return chosen === request.shape.maxContext ? "model" : "memory";
}

/** It starts, and would with somewhat fewer blocks: slots are ours to choose, and a state too many is a failed start. */
const slotsHold = ({ rooms, gpuBytes }: Tried, settings: EngineSettings, memory: MemoryEstimate): boolean =>
  memory.fits && rooms.starts(settings, memory.ranks, { ...memory.kv, blocks: safeBlocks(memory, gpuBytes) });

function tryOnce(tried: Tried, settings: EngineSettings): Fit {
  const { request, rooms, concurrency } = tried;
  const firstWarm = rooms.at(settings);
  const firstCold = rooms.at({ ...settings, compileCache: "cold" });
  const chosen =
    request.contextTokens ?? (chosenContext(tried, firstCold) || chosenContext(tried, firstWarm) || contextStep);
  const warm = withContext(rooms, settings, firstWarm, chosen);
  const cold = withContext(rooms, settings, firstCold, chosen);
  const usual = request.keepsCompileCache === false ? firstCold : firstWarm;
  const held = usual.kv.blocks / rooms.blocksOf(wantedContext(request));
  const starts = slotsHold(tried, settings, cold) ? "always" : slotsHold(tried, settings, warm) ? "warm only" : "never";
  return {
    settings: { ...settings, maxModelLen: chosen },
    warm,
    cold,
    starts,
    useful: starts !== "never" && chosen >= wantedContext(request),
    enough: starts !== "never" && held >= (request.concurrency === undefined ? defaultHeld : concurrency),
    concurrency,
    contextBy: contextSetBy(tried, chosen),
  };
}

const startRank = { always: 2, "warm only": 1, never: 0 } as const;

/** Higher is better: starts, context long enough, then cache for everybody. */
const goodness = ({ starts, useful, enough }: Fit): number =>
  4 * startRank[starts] + 2 * Number(useful) + Number(enough);

/** Of two that are alike otherwise, and not good: the one with the longer context, or with less missing. */
export function isBetter(fit: Fit, than: Fit): boolean {
  const difference = goodness(fit) - goodness(than);
  if (difference !== 0) return difference > 0;
  if (fit.starts === "never") return missingBytes(fit) < missingBytes(than) || fit.warm.kv.tokens > than.warm.kv.tokens;
  return !fit.useful && fit.settings.maxModelLen > than.settings.maxModelLen;
}

/** Bytes missing on the fullest rank in a cold start. */
export const missingBytes = ({ cold, warm, starts }: Fit): number =>
  Math.max(...(starts === "never" ? warm : cold).ranks.map(({ missing }) => missing));

/**
 * The settings with the most slots that make the layout start, always and with a context long enough; the wanted
 * requests come before more slots. Slots cost memory: the sampler's and the CUDA graphs'.
 */
export function fitOf(request: ServingRequest, placed: Placed): Fit {
  const concurrency = concurrencyOf(request, placed.replicas);
  const gpuBytes = placed.cards.map(({ cudaTotalMib }) => cudaTotalMib * MIB);
  const base = baseSettings(request, placed);
  const { shape, pins } = request;
  const slots = pins.maxNumSeqs === undefined ? slotsToTry(concurrency, base.maxNumBatchedTokens) : [pins.maxNumSeqs];
  const settings = { ...base, maxNumSeqs: slots[0] ?? 1 };
  const offloadGib = pins.cpuOffloadGib ?? 0;
  const rooms = roomsOf({ shape, layout: placed.layout, gpuBytes, settings, offloadGib });
  const tried: Tried = { request, rooms, concurrency, gpuBytes };
  if (rooms.hopeless) return tryOnce(tried, { ...base, maxNumSeqs: slots.at(-1) ?? 1 });
  let best: Fit | undefined;
  for (const maxNumSeqs of slots) {
    const fit = tryOnce(tried, { ...base, maxNumSeqs });
    if (best === undefined || isBetter(fit, best)) best = fit;
    const held = fit.enough || request.concurrency === undefined || maxNumSeqs <= concurrency;
    if (fit.starts === "always" && fit.useful && held) break;
  }
  return best ?? tryOnce(tried, { ...base, maxNumSeqs: 1 });
}
