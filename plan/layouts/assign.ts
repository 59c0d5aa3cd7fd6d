/** Several models on the same GPUs: each GPU once, models in the order of the list, nobody left out who has a place. */
import type { Scored } from "./choice";
import { blocksFor, replicasIn, replicasOf, type Replica } from "./groups";
import { blockOf, type Block, type CardPool } from "./pools";

/** One model's layouts, best first, and how many replicas it must have. */
export interface Wish {
  readonly options: readonly Scored[];
  /** As pinned, else 1. */
  readonly least: number;
  /** As pinned, else as many as there is room for. */
  readonly most: number;
}

/** What one model gets. */
export interface Assigned {
  readonly option: Scored;
  readonly replicas: readonly Replica[];
}

/** Layouts of each model that are tried beside other models; the best of them nearly always have room. */
const optionsTried = 12;

/** Steps of the search for a place for all, so that a stack of many models is planned in time. */
const searchSteps = 4000;

/** What is taken: ids of GPUs, and the blocks of each pool without them, made when they are first asked for. */
interface Used {
  readonly ids: ReadonlySet<string>;
  readonly left: WeakMap<CardPool, readonly Block[]>;
}

const usedOf = (ids: ReadonlySet<string>): Used => ({ ids, left: new WeakMap<CardPool, readonly Block[]>() });

const nothing: Used = usedOf(new Set<string>());

const idsOf = (replicas: readonly Replica[]): readonly string[] => replicas.flat(2).map(({ id }) => id);

/** The blocks of a pool without what is taken; those that lose nothing are themselves, empty ones go. */
function leftOf(pool: CardPool, { ids, left }: Used): readonly Block[] {
  const known = left.get(pool);
  if (known !== undefined) return known;
  const blocks = pool.blocks.flatMap((block) => {
    const free = block.gpus.filter(({ id }) => !ids.has(id));
    if (free.length === 0) return [];
    return free.length === block.gpus.length ? [block] : [blockOf(block.node, free)];
  });
  left.set(pool, blocks);
  return blocks;
}

/** The replicas of an option that are still free, as many as may be wanted. */
function freeReplicas({ pool, layout, reach, samples }: Scored, used: Used, most: number): readonly Replica[] {
  if (pool === undefined) return idsOf(samples).some((id) => used.ids.has(id)) ? [] : samples;
  if (used.ids.size === 0 && most === Infinity) return replicasIn(pool, { layout, reach });
  return replicasOf(blocksFor(leftOf(pool, used), layout, reach, most), layout, reach);
}

const withTaken = ({ ids }: Used, replicas: readonly Replica[]): Used => usedOf(new Set([...ids, ...idsOf(replicas)]));

/** A place for each of some wishes, each with its least. */
interface Places {
  readonly steps: number;
  readonly used: Used;
  readonly chosen: readonly Scored[];
}

/** The first place for the wishes beside others', in the order in which options are tried; undefined when there is none. */
function placesFor(wishes: readonly Wish[], from: Places): Places | undefined {
  let steps = from.steps;
  const search = (index: number, used: Used): readonly Scored[] | undefined => {
    const wish = wishes[index];
    if (wish === undefined) {
      last = used;
      return [];
    }
    for (const option of wish.options.slice(0, optionsTried)) {
      if (++steps > searchSteps) return undefined;
      const free = freeReplicas(option, used, wish.least);
      if (free.length < wish.least) continue;
      const later = search(index + 1, withTaken(used, free.slice(0, wish.least)));
      if (later !== undefined) return [option, ...later];
    }
    return undefined;
  };
  let last = from.used;
  const chosen = search(0, from.used);
  return chosen === undefined ? undefined : { steps, used: last, chosen: from.chosen.concat(chosen) };
}

const nobody: Places = { steps: 0, used: nothing, chosen: [] };

/** True when every wish can have its least on what is left. */
const fits = (wishes: readonly Wish[], used: Used): boolean => placesFor(wishes, { ...nobody, used }) !== undefined;

/** True when the later models can have their least beside these replicas. */
const leavesRoom = (later: readonly Wish[], used: Used, replicas: readonly Replica[]): boolean =>
  later.length === 0 || fits(later, withTaken(used, replicas));

/** The most replicas of an option that leave the later models their least; found by halving. */
function mostReplicas(wish: Wish, free: readonly Replica[], later: readonly Wish[], used: Used): number {
  const leaves = (count: number): boolean => leavesRoom(later, used, free.slice(0, count));
  let [good, bad] = [wish.least, Math.min(free.length, wish.most) + 1];
  if (bad - 1 > good && leaves(bad - 1)) return bad - 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (leaves(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function assignOne(wish: Wish, later: readonly Wish[], used: Used): Assigned | undefined {
  for (const option of wish.options) {
    const free = freeReplicas(option, used, wish.most);
    if (free.length < wish.least) continue;
    if (!leavesRoom(later, used, free.slice(0, wish.least))) continue;
    return { option, replicas: free.slice(0, mostReplicas(wish, free, later, used)) };
  }
  return undefined;
}

/** The wishes that have a place beside the ones before them, and the first such place for all of them. */
function placeable(wishes: readonly Wish[]): { readonly placed: readonly Wish[]; readonly places: Places } {
  const placed: Wish[] = [];
  let places = nobody;
  for (const wish of wishes) {
    // The search for all of them comes first to the place that the earlier ones have: only if that leaves none it goes on.
    const found = placesFor([wish], places) ?? placesFor([...placed, wish], nobody);
    if (found === undefined) continue;
    places = found;
    placed.push(wish);
  }
  return { placed, places };
}

/**
 * What each model gets, in the order of the list; undefined for one that has no place. Each model in turn takes the best
 * of its layouts, and then as many replicas, as leave every later model a place. A model is left out only when there is
 * no room for it beside the ones before it, however those are placed.
 */
export function assign(wishes: readonly Wish[]): readonly (Assigned | undefined)[] {
  const { placed, places } = placeable(wishes);
  let used: Used = nothing;
  // As long as each has exactly its least, the place that was found for all is what each would find by itself.
  let asFound = true;
  return wishes.map((wish) => {
    const index = placed.indexOf(wish);
    if (index < 0) return undefined;
    const later = placed.slice(index + 1);
    const option = places.chosen[index];
    const pinned = asFound && option !== undefined && wish.most === wish.least;
    asFound = pinned;
    const assigned = pinned
      ? { option, replicas: freeReplicas(option, used, wish.least).slice(0, wish.least) }
      : assignOne(wish, later, used);
    if (assigned !== undefined && later.length > 0) used = withTaken(used, assigned.replicas);
    return assigned;
  });
}
