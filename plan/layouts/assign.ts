/** Several models on the same GPUs: each GPU once, models in the order of the list, nobody left out who has a place. */
import type { Scored } from "./choice";
import { blockOf } from "./pools";
import { replicasIn, replicasOf, type Replica } from "./groups";

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

type Used = ReadonlySet<string>;

const nothing: Used = new Set<string>();

const idsOf = (replicas: readonly Replica[]): readonly string[] => replicas.flat(2).map(({ id }) => id);

/** The replicas of an option that are still free. */
function freeReplicas({ pool, layout, reach, samples }: Scored, used: Used): readonly Replica[] {
  if (pool === undefined) return idsOf(samples).some((id) => used.has(id)) ? [] : samples;
  if (used.size === 0) return replicasIn(pool, { layout, reach });
  const blocks = pool.blocks.map(({ node, gpus }) =>
    blockOf(
      node,
      gpus.filter(({ id }) => !used.has(id)),
    ),
  );
  return replicasOf(blocks, layout, reach);
}

const withTaken = (used: Used, replicas: readonly Replica[]): Used => new Set([...used, ...idsOf(replicas)]);

/** True when every wish can have its least on what is left. */
function feasible(wishes: readonly Wish[], used: Used, budget: { steps: number }): boolean {
  const [wish, ...rest] = wishes;
  if (wish === undefined) return true;
  return wish.options.slice(0, optionsTried).some((option) => {
    if (--budget.steps < 0) return false;
    const free = freeReplicas(option, used);
    if (free.length < wish.least) return false;
    return rest.length === 0 || feasible(rest, withTaken(used, free.slice(0, wish.least)), budget);
  });
}

const fits = (wishes: readonly Wish[], used: Used): boolean => feasible(wishes, used, { steps: searchSteps });

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
    const free = freeReplicas(option, used);
    if (free.length < wish.least) continue;
    if (!leavesRoom(later, used, free.slice(0, wish.least))) continue;
    return { option, replicas: free.slice(0, mostReplicas(wish, free, later, used)) };
  }
  return undefined;
}

/**
 * What each model gets, in the order of the list; undefined for one that has no place. Each model in turn takes the best
 * of its layouts, and then as many replicas, as leave every later model a place. A model is left out only when there is
 * no room for it beside the ones before it, however those are placed.
 */
export function assign(wishes: readonly Wish[]): readonly (Assigned | undefined)[] {
  const placed: Wish[] = [];
  for (const wish of wishes) if (fits([...placed, wish], nothing)) placed.push(wish);
  let used: Used = nothing;
  return wishes.map((wish) => {
    const index = placed.indexOf(wish);
    if (index < 0) return undefined;
    const later = placed.slice(index + 1);
    const assigned = assignOne(wish, later, used);
    if (assigned !== undefined && later.length > 0) used = withTaken(used, assigned.replicas);
    return assigned;
  });
}
