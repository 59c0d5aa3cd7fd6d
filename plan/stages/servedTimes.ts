/** How long a start takes: for deadlines, and for what an upgrade without free GPUs costs. */
import type { ServingPlan } from "../cluster/types";

const GIB = 2 ** 30;

/**
 * Seconds of an engine's start with dummy weights on an H200, the slowest of eight models with one GPU.
 * @see test/plan/measured-h200.json, startupSeconds
 */
export const engineSeconds = { warm: 48, cold: 61 } as const;

/** Seconds until pods run, Ray has found itself and Serve has imported the engine. Measured with Ray 2.60 and vLLM on two cores: 146 s less the engine. */
const raySeconds = 90;

/** Bytes a second that a node reads of the model volume: what is expected, and what is waited for. Both assumed. */
const readRate = { expected: 1e9, patient: 2e8 } as const;

/** Seconds for an image of some 15 GB on a fresh node, and for GPUs that a stopping pod still holds. Assumed. */
const patience = 1800;

/** Bytes of weights that the node with the most of a replica's ranks reads. */
export function weightsOfNode({ ranks, memory }: ServingPlan): number {
  const byNode = new Map<string, number>();
  for (const { replica, node, pipelineRank } of ranks) {
    if (replica !== 0) continue;
    byNode.set(node, (byNode.get(node) ?? 0) + (memory.warm.ranks[pipelineRank]?.weights.total ?? 0));
  }
  return Math.max(0, ...byNode.values());
}

/** Seconds until a model answers once its pods are there: its weights are read, its engine starts. */
export const modelSeconds = (plan: ServingPlan): number =>
  Math.ceil(engineSeconds.warm + weightsOfNode(plan) / readRate.expected);

/** Seconds until all models of a new Ray cluster answer. They start side by side. */
export const clusterSeconds = (plans: readonly ServingPlan[]): number =>
  raySeconds + Math.max(0, ...plans.map(modelSeconds));

/** Seconds after which a bring-up has failed. */
export const deadlineSeconds = (plans: readonly ServingPlan[]): number =>
  patience + engineSeconds.cold + Math.ceil(Math.max(0, ...plans.map(weightsOfNode)) / readRate.patient);

/** "3 min", "45 s". */
export const inWords = (seconds: number): string => (seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`);

export const gibOf = (bytes: number): number => Math.round((bytes / GIB) * 10) / 10;
