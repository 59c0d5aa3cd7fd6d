/** Where pods run: from the pools' labels and taints. */
import type { PoolPlan, TaintPlan } from "../types";
import type { Scheduling, Toleration } from "./types";

const toleration = ({ key, value, effect }: TaintPlan): Toleration =>
  value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect };

/** Deckhouse puts it on every node of a NodeGroup, which has its pool's name. @see https://deckhouse.io/modules/node-manager/ */
const groupLabel = "node.deckhouse.io/group";

/** On the nodes of one pool, and on no others. */
export const onPool = ({ name, role, labels, taints }: PoolPlan): Scheduling => ({
  nodeSelector: role === "nodes" ? labels : { [groupLabel]: name },
  tolerations: taints.map(toleration),
});

/** On any of some pools: tolerates all their taints, chooses none. */
export function onAnyOf(pools: readonly PoolPlan[]): Scheduling {
  const all = pools.flatMap(({ taints }) => taints.map(toleration));
  const distinct = new Map(all.map((one) => [JSON.stringify(one), one]));
  return { nodeSelector: {}, tolerations: [...distinct.values()] };
}

/**
 * Where pods without a GPU run: on the system pool where there is one, else wherever Kubernetes finds room without a taint.
 * A cluster that is there already names only its GPU pools; their taints keep such pods away, as they should.
 */
export function onSystem(pools: readonly PoolPlan[]): Scheduling {
  const system = pools.find(({ role }) => role === "system");
  return system === undefined ? { nodeSelector: {}, tolerations: [] } : onPool(system);
}
