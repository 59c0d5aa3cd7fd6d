/** Rules over the node pools of a cluster that is there already. */
import { describe } from "../describe";
import type { Fault } from "../errors";
import type { ExistingPool } from "../schema";
import type { Entry } from "./parts";
import { repeated } from "./unique";

/** What says something about GPUs needs GPUs. */
function cardFaults({ index, value: pool }: Entry<ExistingPool>): Fault[] {
  if (pool.card !== undefined) return [];
  return (["gpusPerNode", "nvlink", "slot"] as const)
    .filter((key) => pool[key] !== undefined)
    .map((key) => ({
      path: `pools[${index}].${key}`,
      found: `${describe(pool[key])}, and no card`,
      needed: "a card with it",
      fix: `add \`pools[${index}].card\`, or remove it`,
    }));
}

/** Rules over the pools that are well formed. */
export function existingPoolFaults(pools: readonly Entry<ExistingPool>[]): Fault[] {
  const names = pools.map(({ index, value }) => ({ path: `pools[${index}].name`, value: value.name }));
  return [...repeated(names, "the name", "each pool's name once"), ...pools.flatMap(cardFaults)];
}
