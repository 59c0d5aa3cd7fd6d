/** How much memory a model takes on each rank, and what is left for its KV cache, counted as vLLM counts it. */
import type { ModelShape } from "../catalog/modelShapes";
import { bytes, type Bytes } from "../catalog/units";
import { graphBytes } from "./memory/graphs";
import { kvCapacity, kvLayout, type KvCapacity, type KvSettings } from "./memory/kvCache";
import type { Layout } from "./memory/layout";
import { activationPeaks, nonTorchBytes, type RunSettings } from "./memory/overhead";
import { weightsPerRank, type WeightParts } from "./memory/weights";

export type { Layout } from "./memory/layout";

/** The engine's settings that memory depends on. */
export interface EngineSettings extends KvSettings, RunSettings {
  /** Share of the GPU's memory for vLLM (above 0, at most 1). */
  readonly gpuMemoryUtilization: number;
  /** vLLM takes its estimate of the CUDA graphs from the same share. @default true, as vLLM does since 0.21 */
  readonly graphsInBudget?: boolean;
}

/** What is to be put where. */
export interface MemoryRequest {
  readonly shape: ModelShape;
  readonly layout: Layout;
  readonly settings: EngineSettings;
  /** Memory of the GPU of each PP rank as CUDA reports it, in bytes; the smallest of its TP ranks. One a PP rank. */
  readonly gpuBytes: readonly number[];
}

/** Memory of one PP rank's GPUs (its TP ranks are alike), in bytes. */
export interface RankMemory {
  /** What vLLM may use: the GPU's memory times the share. */
  readonly budget: Bytes;
  readonly weights: WeightParts;
  /** Outside PyTorch. */
  readonly nonTorch: Bytes;
  /** Peak of the profile run. */
  readonly activations: Bytes;
  /** CUDA graphs; outside the budget when `graphsInBudget` is false. */
  readonly graphs: Bytes;
  /** Left for the KV cache; 0 when there is nothing left. */
  readonly kvCache: Bytes;
  /** Bytes by which the rest is above the budget; 0 when there is room. */
  readonly missing: Bytes;
}

/** Memory of one model in one layout. */
export interface MemoryEstimate {
  /** One a PP rank. */
  readonly ranks: readonly RankMemory[];
  readonly kv: KvCapacity;
  /** True when vLLM starts. */
  readonly fits: boolean;
}

/**
 * True when every slot can have a state: with linear attention vLLM captures no CUDA graphs otherwise, and does not start.
 * @see vllm/config/compilation.py, resolve_cudagraph_mode_and_sizes
 */
const hasStates = (
  { linear }: ModelShape,
  { maxNumSeqs, enforceEager }: EngineSettings,
  { blocks }: KvCapacity,
): boolean => linear === undefined || enforceEager || maxNumSeqs <= blocks;

/** True when vLLM starts: room on every rank, for one full-length sequence, and for the states of all slots. */
export const starts = (
  shape: ModelShape,
  settings: EngineSettings,
  ranks: readonly RankMemory[],
  kv: KvCapacity,
): boolean => ranks.every(({ missing }) => missing === 0) && kv.holdsOne && hasStates(shape, settings, kv);

/** What of a rank's memory is the same for all slots, contexts and states of the compile cache. */
export type FixedMemory = Pick<RankMemory, "budget" | "weights" | "nonTorch">;

/**
 * The fixed part of each PP rank. Neighbours that are alike are one object.
 * @throws RangeError as `memoryOf` does.
 */
export function fixedMemory({ shape, layout, settings, gpuBytes }: MemoryRequest): readonly FixedMemory[] {
  if (gpuBytes.length !== layout.pipelineParallel) {
    throw new RangeError(`${gpuBytes.length} GPU sizes for ${layout.pipelineParallel} pipeline ranks`);
  }
  const nonTorch = nonTorchBytes(layout, shape);
  let last: FixedMemory | undefined;
  return weightsPerRank(shape, layout, settings.computeCapability).map((weights, rank) => {
    const budget = bytes((gpuBytes[rank] ?? 0) * settings.gpuMemoryUtilization);
    if (last?.weights !== weights || last.budget !== budget) last = { weights, nonTorch, budget };
    return last;
  });
}

/** One rank with what the settings decide. `inBudget`: vLLM takes the graphs from its share. */
function rankMemory(fixed: FixedMemory, activations: Bytes, graphs: Bytes, inBudget: boolean): RankMemory {
  const { weights, nonTorch, budget } = fixed;
  const left = budget - weights.total - nonTorch - activations - (inBudget ? graphs : 0);
  const [kvCache, missing] = [bytes(Math.max(0, left)), bytes(Math.max(0, -left))];
  return { weights, nonTorch, activations, graphs, budget, kvCache, missing };
}

/** The ranks with what the settings decide, one entry each in `activations` and `graphs`. Neighbours that are alike are one object. */
export function filledMemory(
  fixed: readonly FixedMemory[],
  activations: readonly Bytes[],
  graphs: readonly Bytes[],
  inBudget = true,
): readonly RankMemory[] {
  const none = bytes(0);
  let last: RankMemory | undefined;
  return fixed.map((own, rank) => {
    const [peak, captured] = [activations[rank] ?? none, graphs[rank] ?? none];
    const same = own === fixed[rank - 1] && last?.activations === peak && last.graphs === captured;
    if (last === undefined || !same) last = rankMemory(own, peak, captured, inBudget);
    return last;
  });
}

/**
 * Memory on each rank and the cache it leaves. Same request, same answer.
 * @throws RangeError when there is not one GPU size for each PP rank, or the layer partition does not match.
 * @see vllm/v1/worker/gpu_worker.py, determine_available_memory
 */
export function memoryOf(request: MemoryRequest): MemoryEstimate {
  const { shape, layout, settings } = request;
  const fixed = fixedMemory(request);
  const activations = activationPeaks(shape, layout, settings);
  const graphs = graphBytes(shape, layout, settings);
  const ranks = filledMemory(fixed, activations, graphs, settings.graphsInBudget !== false);
  const kv = kvCapacity(kvLayout(shape, layout, settings), cachesOf(ranks), settings.maxModelLen);
  return { ranks, kv, fits: starts(shape, settings, ranks, kv) };
}

/** What the ranks have left for the cache. */
export const cachesOf = (ranks: readonly RankMemory[]): readonly Bytes[] => ranks.map(({ kvCache }) => kvCache);
