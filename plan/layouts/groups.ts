/** Which GPUs form the replicas of a layout: TP groups from one node, NVLink partners first, then PP over such groups. */
import type { Gpu } from "../cluster/hardware";
import type { Layout } from "../memory/layout";
import { remembered } from "../remembered";
import type { Block, CardPool } from "./pools";

/** One replica: the GPUs of each PP rank's TP group. */
export type Replica = readonly (readonly Gpu[])[];

/**
 * How far one replica reaches, in the order in which layouts are preferred. `node pipeline`: PP inside one node.
 * `network`: PP across nodes, each TP group inside one. `network tensor`: a TP group across nodes.
 */
export const reaches = ["one GPU", "node tensor", "node pipeline", "network", "network tensor"] as const;
export type Reach = (typeof reaches)[number];

/** True when a replica's ranks talk over the network. */
export const overNetwork = (reach: Reach): boolean => reach === "network" || reach === "network tensor";

function chunks<T>(values: readonly T[], size: number): readonly (readonly T[])[] {
  const whole: (readonly T[])[] = [];
  for (let end = size; end <= values.length; end += size) whole.push(values.slice(end - size, end));
  return whole;
}

/** As many TP groups as a block gives: from within its NVLink groups first, then from what is left of them. */
export function tensorGroups({ islands }: Block, size: number): readonly (readonly Gpu[])[] {
  const within = islands.flatMap((island) => chunks(island, size));
  const left = islands.flatMap((island) => island.slice(Math.floor(island.length / size) * size));
  return [...within, ...chunks(left, size)];
}

/** Replicas that the blocks give, only counted. */
export function countReplicas(
  blocks: readonly Block[],
  { tensorParallel, pipelineParallel }: Layout,
  reach: Reach,
): number {
  const sum = (of: (gpus: number) => number): number => blocks.reduce((total, { gpus }) => total + of(gpus.length), 0);
  const groups = (gpus: number): number => Math.floor(gpus / tensorParallel);
  if (reach === "network tensor") return Math.floor(groups(sum((gpus) => gpus)) / pipelineParallel);
  if (reach === "network") return Math.floor(sum(groups) / pipelineParallel);
  return sum((gpus) => Math.floor(groups(gpus) / pipelineParallel));
}

/** The replicas from the largest and from the smallest blocks: what any other replica lies between. */
export function sampleReplicas(blocks: readonly Block[], layout: Layout, reach: Reach): readonly Replica[] {
  const { tensorParallel, pipelineParallel } = layout;
  const size = tensorParallel * pipelineParallel;
  const least = reach === "network" ? tensorParallel : reach === "network tensor" ? 1 : size;
  const usable = blocks.filter(({ gpus }) => gpus.length >= least);
  const most = overNetwork(reach) ? size : 1; // blocks that one replica may need
  const first = replicasOf(usable.slice(0, most), layout, reach)[0];
  const last = usable.length <= 1 ? undefined : replicasOf(usable.slice(-most), layout, reach).at(-1);
  return [first, last].filter((replica) => replica !== undefined);
}

/** As many replicas as the blocks give. Same blocks, same answer; a GPU is in one replica at most. */
export function replicasOf(blocks: readonly Block[], layout: Layout, reach: Reach): readonly Replica[] {
  const { tensorParallel, pipelineParallel } = layout;
  if (reach === "network tensor") {
    const gpus = blocks.flatMap((block) => block.gpus);
    return chunks(chunks(gpus, tensorParallel), pipelineParallel);
  }
  const groups = blocks.map((block) => tensorGroups(block, tensorParallel));
  return reach === "network"
    ? chunks(groups.flat(), pipelineParallel)
    : groups.flatMap((own) => chunks(own, pipelineParallel));
}

/** The blocks from the front that give as many replicas, or all; what they give is the same replicas in the same order. */
export function blocksFor(blocks: readonly Block[], layout: Layout, reach: Reach, most: number): readonly Block[] {
  const { tensorParallel, pipelineParallel } = layout;
  const ranks = tensorParallel * pipelineParallel;
  let [gpus, groups, whole] = [0, 0, 0];
  for (const [index, block] of blocks.entries()) {
    const own = Math.floor(block.gpus.length / tensorParallel);
    gpus += block.gpus.length;
    groups += own;
    whole += Math.floor(own / pipelineParallel);
    const given =
      reach === "network tensor"
        ? Math.floor(gpus / ranks)
        : reach === "network"
          ? Math.floor(groups / pipelineParallel)
          : whole;
    if (given >= most) return blocks.slice(0, index + 1);
  }
  return blocks;
}

/** One layout, and how far its replicas reach. */
interface Grouping {
  readonly layout: Layout;
  readonly reach: Reach;
}

const groupingKey = ({ layout: { tensorParallel, pipelineParallel }, reach }: Grouping): string =>
  `${tensorParallel} ${pipelineParallel} ${reach}`;

/** All replicas of a pool; remembered, because all models ask about the same GPUs. */
export const replicasIn = remembered(
  ({ blocks }: CardPool, { layout, reach }: Grouping) => replicasOf(blocks, layout, reach),
  groupingKey,
);

/** Those of a pool counted and sampled; remembered likewise. */
export const offeredBy = remembered(
  ({ blocks }: CardPool, { layout, reach }: Grouping) => ({
    most: countReplicas(blocks, layout, reach),
    samples: sampleReplicas(blocks, layout, reach),
  }),
  groupingKey,
);

/** True when all GPUs of a replica are in one node. */
export function onOneNode(replica: Replica): boolean {
  const node = replica[0]?.[0]?.node;
  return replica.every((group) => group.every((gpu) => gpu.node === node));
}
