/** The chosen layout spelled out: every rank of every replica on its GPU. */
import type { Gpu } from "../cluster/hardware";
import type { RankPlan } from "../cluster/types";
import type { Replica } from "./groups";

const rankOn = (gpu: Gpu, replica: number, pipelineRank: number, tensorRank: number): RankPlan => ({
  replica,
  pipelineRank,
  tensorRank,
  gpu: gpu.id,
  node: gpu.node,
});

/** One entry a rank, in the order replica, PP rank, TP rank. */
export const ranksOf = (replicas: readonly Replica[]): readonly RankPlan[] =>
  replicas.flatMap((groups, replica) =>
    groups.flatMap((group, pipeline) => group.map((gpu, tensor) => rankOn(gpu, replica, pipeline, tensor))),
  );
