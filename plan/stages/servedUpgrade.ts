/** Whether a changed Ray cluster can come up beside the old one. */
import type { Hardware } from "../cluster/hardware";
import type { ServingPlan, ServingPlans } from "../cluster/types";
import * as times from "./servedTimes";
import type { UpgradePlan, WorkerGroupPlan } from "./servedTypes";

/** Sizes of the pods that a pool has to hold a second time, the largest first. */
function podsByPool(groups: readonly WorkerGroupPlan[]): ReadonlyMap<string, readonly number[]> {
  const pools = new Map<string, number[]>();
  for (const { pool, gpus, hosts, replicas } of groups) {
    const own = Array.from({ length: hosts * replicas }, () => gpus);
    pools.set(pool, [...(pools.get(pool) ?? []), ...own]);
  }
  return new Map([...pools].map(([pool, sizes]) => [pool, sizes.sort((a, b) => b - a)]));
}

/** Free GPUs of each node of a pool. */
function freeByNode({ gpus }: Hardware, idle: ReadonlySet<string>, pool: string): number[] {
  const nodes = new Map<string, number>();
  for (const { id, node, pool: own } of gpus) {
    if (own === pool && idle.has(id)) nodes.set(node, (nodes.get(node) ?? 0) + 1);
  }
  return [...nodes.values()];
}

/** True when every pod finds a node with as many free GPUs, the largest pods first and each on the fullest node that holds it. */
function hold(free: number[], pods: readonly number[]): boolean {
  return pods.every((size) => {
    const fitting = free.map((left, node) => ({ left, node })).filter(({ left }) => left >= size);
    const best = fitting.reduce<(typeof fitting)[number] | undefined>(
      (least, one) => (least === undefined || one.left < least.left ? one : least),
      undefined,
    );
    if (best === undefined) return false;
    free[best.node] = best.left - size;
    return true;
  });
}

/** GPUs of the pools that a second cluster would lack; undefined when it fits. */
export function missingGpus(
  groups: readonly WorkerGroupPlan[],
  hardware: Hardware,
  { idle }: ServingPlans,
): { pool: string; needed: number; free: number } | undefined {
  const ids = new Set(idle.map(({ gpu }) => gpu));
  for (const [pool, pods] of podsByPool(groups)) {
    const free = freeByNode(hardware, ids, pool);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    const had = sum(free);
    if (!hold(free, pods)) return { pool, needed: sum(pods), free: had };
  }
  return undefined;
}

/** Serve changes one replica at a time, and each frees its GPUs first: with several, one that answers stays. */
const modelGap = (plan: ServingPlan): number => (plan.replicas > 1 ? 0 : times.modelSeconds(plan));

/** @param kind as decided */
export const upgradePlan = (kind: UpgradePlan["kind"], plans: readonly ServingPlan[]): UpgradePlan => ({
  kind,
  clusterSeconds: kind === "newCluster" ? 0 : times.clusterSeconds(plans),
  modelSeconds: Object.fromEntries(plans.map((plan) => [plan.name, modelGap(plan)])),
});

/** What a user is told of it. */
export function upgradeNote(upgrade: UpgradePlan, missing: ReturnType<typeof missingGpus>): string {
  if (upgrade.kind === "newCluster") return "a changed Ray cluster comes up beside the old one: no request is lost";
  const why =
    missing === undefined ? "as asked" : `pool ${missing.pool} has ${missing.free} free GPUs of ${missing.needed}`;
  return `a changed Ray cluster comes up after the old one has stopped (${why}): about ${times.inWords(upgrade.clusterSeconds)} without an answer, in which the gateway says 503`;
}
