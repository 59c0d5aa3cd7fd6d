/** How much memory a model takes on each rank, and what is left for its KV cache, counted as vLLM counts it. */
import type { ModelShape } from "../catalog/modelShapes";
import { bytes, type Bytes } from "../catalog/units";
import { kvCapacity, kvLayout, type KvCapacity, type KvSettings } from "./memory/kvCache";
import type { Layout } from "./memory/layout";
import { activationPeaks, graphBytes, nonTorchBytes, type RunSettings } from "./memory/overhead";
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

/** What a rank takes besides its cache. */
type Fixed = Pick<RankMemory, "weights" | "nonTorch" | "activations" | "graphs">;

function rankMemory(fixed: Fixed, gpuBytes: number, settings: EngineSettings): RankMemory {
  const budget = Math.ceil(gpuBytes * settings.gpuMemoryUtilization);
  const graphs = settings.graphsInBudget === false ? 0 : fixed.graphs;
  const left = budget - fixed.weights.total - fixed.nonTorch - fixed.activations - graphs;
  return { ...fixed, budget: bytes(budget), kvCache: bytes(Math.max(0, left)), missing: bytes(Math.max(0, -left)) };
}

/**
 * Memory on each rank and the cache it leaves. Same request, same answer.
 * @throws RangeError when there is not one GPU size for each PP rank, or the layer partition does not match.
 * @see vllm/v1/worker/gpu_worker.py, determine_available_memory
 */
export function memoryOf({ shape, layout, settings, gpuBytes }: MemoryRequest): MemoryEstimate {
  if (gpuBytes.length !== layout.pipelineParallel) {
    throw new RangeError(`${gpuBytes.length} GPU sizes for ${layout.pipelineParallel} pipeline ranks`);
  }
  const activations = activationPeaks(shape, layout, settings);
  const graphs = graphBytes(shape, layout, settings);
  const none = bytes(0);
  const ranks = weightsPerRank(shape, layout, settings.computeCapability).map((weights, rank) =>
    rankMemory(
      {
        weights,
        nonTorch: nonTorchBytes(layout, shape),
        activations: activations[rank] ?? none,
        graphs: graphs[rank] ?? none,
      },
      gpuBytes[rank] ?? 0,
      settings,
    ),
  );
  const available = ranks.map(({ kvCache }) => kvCache);
  const kv = kvCapacity(kvLayout(shape, layout, settings), available, settings.maxModelLen);
  return { ranks, kv, fits: starts(shape, settings, ranks, kv) };
}
