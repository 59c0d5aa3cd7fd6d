/** What fits: context and slots against the memory that is left for the KV cache. Pure arithmetic, no policy on words. */
import { bytes, bytesToGib, gib, gibToBytes, mib, mibToGib, type Bytes, type Gib } from "../catalog/units";
import type { Device } from "./device";
import type { ModelFacts } from "./types";

/**
 * Share of a GPU's memory given to vLLM. Below vLLM's own default (0.92), so that a desktop on the same card leaves
 * enough free for vLLM to start at all: it refuses when less than this share is free.
 * @see vllm/v1/worker/utils.py, request_memory
 */
export const gpuShare = 0.9;

/**
 * Memory besides weights and KV cache. On the CPU: Ray's processes, Serve's proxy and ingress, the replica and the
 * engine, most of which hold PyTorch. On a GPU: CUDA context, peak activations and CUDA graphs, which vLLM takes from
 * the same share. Estimates with a margin, not measurements of every machine.
 */
export const overheadGib = { cpu: gib(4), cuda: gib(2.5) } as const;

/** Context never goes below this, whatever is short: vLLM's smallest KV block is 16 tokens. */
const leastContext = 16;

/** KV cache of one token over all layers: key and value, each kvHeads x headDim entries. @see vllm/v1/kv_cache_interface.py */
export function kvBytesPerToken(facts: ModelFacts): Bytes | undefined {
  const { layers, kvHeads, headDim, dtypeBytes } = facts;
  if (layers === undefined || kvHeads === undefined || headDim === undefined) return undefined;
  return bytes(2 * layers * kvHeads * headDim * (dtypeBytes ?? 2));
}

/** What is there and what is left of it. */
export interface Room {
  /** What vLLM may use in all. */
  readonly total: Gib;
  /** Weights, 0 where not known. */
  readonly weights: Gib;
  readonly overhead: Gib;
  /** What is left for the KV cache, in whole GiB: negative when not even the weights fit. */
  readonly leftGib: number;
}

/** Memory left for the KV cache on this device. */
export function roomFor(device: Device, memory: Gib, facts: ModelFacts): Room {
  const total = device.gpu === undefined ? memory : gib(mibToGib(mib(device.gpu.memoryMib)) * gpuShare);
  const weights = bytesToGib(bytes(facts.weightsBytes ?? 0));
  const overhead = overheadGib[device.accelerator];
  return { total, weights, overhead, leftGib: Math.floor(total - weights - overhead) };
}

/** Context in tokens and slots. */
export interface Shape {
  readonly context: number;
  readonly slots: number;
}

/** What was asked for and what to take otherwise. */
export interface ShapeRequest {
  readonly askedContext: number | undefined;
  readonly askedSlots: number | undefined;
  readonly defaults: Shape;
}

/**
 * Context and slots whose product is at most `tokens`. What was asked for stays as it is; what was not asked for is
 * lowered, slots before context: fewer people at once is a smaller loss than a prompt that does not fit.
 * @returns undefined when it cannot be done.
 */
export function fitShape(request: ShapeRequest, tokens: number): Shape | undefined {
  const { askedContext, askedSlots, defaults } = request;
  const wantedContext = askedContext ?? defaults.context;
  const slots = askedSlots ?? Math.max(1, Math.min(defaults.slots, Math.floor(tokens / wantedContext)));
  if (wantedContext * slots <= tokens) return { context: wantedContext, slots };
  if (askedContext !== undefined) return undefined;
  const context = Math.floor(tokens / slots / leastContext) * leastContext;
  return context < leastContext ? undefined : { context, slots };
}

/**
 * Steps of a KV cache that is sized by what it has to hold: 64 MiB. Finer would not be noticed; whole GiB would make a
 * tiny model's engine set up millions of blocks that nobody asks for, which takes it seconds.
 */
const kvStepsPerGib = 16;

/** GiB that hold so many tokens, rounded up to the next step. */
export function kvGibFor(shape: Shape, perToken: Bytes): number {
  return Math.ceil(bytesToGib(bytes(shape.context * shape.slots * perToken)) * kvStepsPerGib) / kvStepsPerGib;
}

/** Tokens that so many GiB of KV cache hold. */
export function tokensIn(kvGib: number, perToken: Bytes): number {
  return Math.floor(gibToBytes(gib(kvGib)) / perToken);
}
