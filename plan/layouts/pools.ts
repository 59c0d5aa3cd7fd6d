/** The GPUs sorted into what is alike: one pool for each card, in it one block for each node. */
import type { GpuModel } from "../../catalog/gpus";
import type { Gpu } from "../cluster/hardware";

/** The GPUs of one card in one node. */
export interface Block {
  readonly node: string;
  readonly gpus: readonly Gpu[];
  /** The same by NVLink group, the largest first; a GPU without NVLink is a group of its own. */
  readonly islands: readonly (readonly Gpu[])[];
}

/** All GPUs of one card. A tensor or pipeline group is taken from one of these, unless nothing else fits. */
export interface CardPool {
  readonly card: GpuModel;
  /** The block with the most GPUs first. */
  readonly blocks: readonly Block[];
  /** GPUs in all blocks. */
  readonly count: number;
}

/** The values by key, keys in the order in which they first come. */
export function groupBy<T>(values: readonly T[], key: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const own = key(value);
    const group = groups.get(own);
    if (group === undefined) groups.set(own, [value]);
    else group.push(value);
  }
  return groups;
}

function islandsOf(gpus: readonly Gpu[]): readonly (readonly Gpu[])[] {
  const joined = groupBy(gpus, ({ id, nvlinkGroup }) =>
    nvlinkGroup === undefined ? `alone ${id}` : `joined ${nvlinkGroup}`,
  );
  return [...joined.values()].sort((a, b) => b.length - a.length);
}

/** GPUs of one card in one node as a block. */
export function blockOf(node: string, gpus: readonly Gpu[]): Block {
  const islands = islandsOf(gpus);
  return { node, gpus: islands.flat(), islands };
}

const blocksOf = (gpus: readonly Gpu[]): readonly Block[] =>
  [...groupBy(gpus, ({ node }) => node)]
    .map(([node, own]) => blockOf(node, own))
    .sort((a, b) => b.gpus.length - a.gpus.length);

/** Remembered, because all models of a stack ask about the same GPUs; the answer depends on nothing else. */
const remembered = new WeakMap<readonly Gpu[], readonly CardPool[]>();

/** One pool for each card, in the order in which the hardware names them. */
export function cardPools(gpus: readonly Gpu[]): readonly CardPool[] {
  const pools = remembered.get(gpus) ?? poolsOf(gpus);
  remembered.set(gpus, pools);
  return pools;
}

function poolsOf(gpus: readonly Gpu[]): readonly CardPool[] {
  return [...groupBy(gpus, ({ model }) => model.id).values()].flatMap((own) => {
    const [first] = own;
    return first === undefined ? [] : [{ card: first.model, blocks: blocksOf(own), count: own.length }];
  });
}

/** GPUs in the block that has the most; 0 when there is none. */
export const largestBlock = ({ blocks }: CardPool): number => blocks[0]?.gpus.length ?? 0;

/** "3 x RTX 3090 and 1 x RTX 3060 12GB". */
export function countedCards(gpus: readonly Gpu[]): string {
  const counted = [...groupBy(gpus, ({ model }) => model.name)].map(([name, own]) => `${own.length} x ${name}`);
  return counted.length === 0 ? "no GPU" : counted.join(" and ");
}
