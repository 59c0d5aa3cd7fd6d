/** What the memory of one GPU is used for, as bars and pictures show it: parts that add up to the whole GPU. */
import { mib, mibToBytes } from "../../catalog/units";
import type { Gpu } from "../cluster/hardware";
import type { RankPlan, ServingPlan } from "../cluster/types";
import { kvLayout } from "../memory/kvCache";

/** Parts of a GPU's memory, in the order in which they are drawn. */
export const segmentNames = ["weights", "activations", "graphs", "kv", "free"] as const;

/** One of them. `activations` has what lies outside PyTorch in it; `kv` is what the cache takes. */
export type SegmentName = (typeof segmentNames)[number];

/** Bytes of each part; together the memory that CUDA reports. */
export type Segments = Readonly<Record<SegmentName, number>>;

/** Memory that CUDA reports for a card, in bytes. */
export const gpuBytes = (gpu: Gpu): number => mibToBytes(mib(gpu.model.cudaTotalMib));

/** Bytes that the KV cache takes on each PP rank: whole blocks, as many as the rank with the least room has. */
export function kvBytes(plan: ServingPlan): readonly number[] {
  const { engine, memory, shape, layout } = plan;
  const { blockBytes } = kvLayout(shape, layout, { ...engine, kvDtypeBytes: engine.kvCacheDtype === "fp8" ? 1 : 2 });
  return blockBytes.map((block) => block * memory.warm.kv.blocks);
}

/** The parts of the GPU that has this rank. */
export function segmentsOf(plan: ServingPlan, rank: RankPlan, gpu: Gpu): Segments {
  const memory = plan.memory.warm.ranks[rank.pipelineRank];
  const all = gpuBytes(gpu);
  if (memory === undefined) return { weights: 0, activations: 0, graphs: 0, kv: 0, free: all };
  const used = {
    weights: memory.weights.total,
    activations: memory.activations + memory.nonTorch,
    graphs: memory.graphs,
    kv: kvBytes(plan)[rank.pipelineRank] ?? 0,
  };
  const sum = used.weights + used.activations + used.graphs + used.kv;
  return { ...used, free: Math.max(0, all - sum) };
}

/**
 * Shares out `cells` among parts by the largest remainder; what is there at all gets at least one cell, taken from the
 * largest part, so that nothing is there and not seen.
 */
export function shareOut(parts: readonly number[], cells: number): readonly number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  if (sum === 0) return parts.map(() => 0);
  const exact = parts.map((part) => (part / sum) * cells);
  const floors = exact.map(Math.floor);
  const byRemainder = exact.map((value, index) => ({ index, rest: value - Math.floor(value) }));
  byRemainder.sort((a, b) => b.rest - a.rest || a.index - b.index);
  const left = cells - floors.reduce((total, value) => total + value, 0);
  for (const { index } of byRemainder.slice(0, left)) floors[index] = (floors[index] ?? 0) + 1;
  parts.forEach((part, index) => {
    const largest = floors.indexOf(Math.max(...floors));
    if (part === 0 || floors[index] !== 0 || (floors[largest] ?? 0) < 2) return;
    floors[index] = 1;
    floors[largest] = (floors[largest] ?? 0) - 1;
  });
  return floors;
}
