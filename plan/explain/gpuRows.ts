/** The GPUs of a model as rows of a table: what is alike shares a row. */
import type { Gpu, Hardware } from "../cluster/hardware";
import type { RankPlan, ServingPlan } from "../cluster/types";
import { segmentsOf, type Segments } from "./segments";

/** One row: GPUs of the same kind with the same memory. */
export interface GpuRow {
  readonly name: string;
  readonly card: string;
  /** "R0 PP1 TP0-3"; what there is only one of is left out. */
  readonly rank: string;
  readonly segments: Segments;
}

/** Above so many rows, replicas that are alike share a row as well: those of a node, then all. */
const mostRows = 8;

interface Entry {
  readonly gpu: Gpu;
  readonly rank: RankPlan;
  readonly segments: Segments;
}

/** "0-7", "0,2,5", "3". */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: (readonly [number, number])[] = [];
  for (const n of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) runs[runs.length - 1] = [last[0], n];
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** Which ranks, without what there is only one of. */
export function rankWords(plan: ServingPlan, ranks: readonly RankPlan[]): string {
  const part = (name: string, of: number, numbers: readonly number[]): string =>
    of > 1 ? `${name}${ranges(numbers)}` : "";
  const parts = [
    part(
      "R",
      plan.replicas,
      ranks.map(({ replica }) => replica),
    ),
    part(
      "PP",
      plan.layout.pipelineParallel,
      ranks.map(({ pipelineRank }) => pipelineRank),
    ),
    part(
      "TP",
      plan.layout.tensorParallel,
      ranks.map(({ tensorRank }) => tensorRank),
    ),
  ];
  return parts.filter((text) => text !== "").join(" ") || "all";
}

/** "gpu-1/0-3": the GPUs of one node; of several "gpu-1/0 to gpu-9/0 (9)". */
export function gpuNames(gpus: readonly Gpu[]): string {
  const [first] = gpus;
  const last = gpus.at(-1);
  if (first === undefined || last === undefined) return "";
  if (gpus.length === 1) return first.id;
  if (gpus.some(({ node }) => node !== first.node)) {
    return `${first.id} to ${last.id} (${gpus.length})`;
  }
  const indexes = gpus.map(({ id, node }) => (id.startsWith(`${node}/`) ? Number(id.slice(node.length + 1)) : NaN));
  return indexes.some(Number.isNaN) ? gpus.map(({ id }) => id).join(",") : `${first.node}/${ranges(indexes)}`;
}

/** Entries with the same key, in the order of the first of each. */
function grouped(entries: readonly Entry[], key: (entry: Entry) => string): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) groups.set(key(entry), [...(groups.get(key(entry)) ?? []), entry]);
  return [...groups.values()];
}

/** The rows of one model, in the order of its ranks. */
export function gpuRows(plan: ServingPlan, hardware: Hardware): readonly GpuRow[] {
  const byId = new Map(hardware.gpus.map((gpu) => [gpu.id, gpu]));
  const entries = plan.ranks.flatMap((rank) => {
    const gpu = byId.get(rank.gpu);
    return gpu === undefined ? [] : [{ gpu, rank, segments: segmentsOf(plan, rank, gpu) }];
  });
  const alike = ({ gpu, rank, segments }: Entry): string =>
    `${gpu.model.id} ${rank.pipelineRank} ${Object.values(segments).join(" ")}`;
  const perNode = (entry: Entry): string => `${entry.gpu.node} ${alike(entry)}`;
  const perReplica = (entry: Entry): string => `${entry.rank.replica} ${perNode(entry)}`;
  const all = grouped(entries, alike);
  const rows =
    [perReplica, perNode].map((key) => grouped(entries, key)).find(({ length }) => length <= mostRows) ?? all;
  return rows.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const gpus = group.map(({ gpu }) => gpu);
    const rank = rankWords(
      plan,
      group.map((entry) => entry.rank),
    );
    return [{ name: gpuNames(gpus), card: first.gpu.model.name, rank, segments: first.segments }];
  });
}
