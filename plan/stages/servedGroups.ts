/**
 * Which pods a model runs in. Each model has pods of its own, and each replica too: a pod has as many GPUs as one replica
 * has on a node. So the ranks can land nowhere but where the plan put them, TP groups stay whole, a replica that fails
 * takes no other with it, and a pod can go when its replica does.
 */
import { bytes } from "../../catalog/units";
import type { Hardware } from "../cluster/hardware";
import type { RankPlan, ServingPlan } from "../cluster/types";
import type { PoolPlan } from "../types";
import { onPool } from "./scheduling";
import type { PodWish } from "./servedTypes";
import { shortName } from "./servedNames";
import type { AutoscalingPlan, WorkerGroupPlan } from "./servedTypes";

const GIB = 2 ** 30;

/**
 * Memory of a pod in GiB, without /dev/shm and offloaded weights: Ray's daemons, Serve's proxy and ingresses, and for each
 * rank a process with PyTorch, CUDA and what is read of the weights at a time. Assumed; weights are read through the page cache.
 */
const memoryGib = { pod: 6, rank: 6 } as const;

/** CPUs that a pod keeps: its daemons and the replica, and for each rank a process that busily waits for its GPU. Assumed. */
const cpusOf = (gpus: number): number => 2 + gpus;

/** The GPUs of one replica on one node. */
interface Pod {
  readonly pool: string;
  readonly ranks: readonly RankPlan[];
}

interface Card {
  readonly pool: string;
  readonly id: string;
}

/** Pods and bundles of one model. */
export interface ModelPods {
  readonly groups: readonly WorkerGroupPlan[];
  /** Custom resource of each rank of a replica. */
  readonly bundles: readonly string[];
  readonly orderedBundles: boolean;
  /** Ids of the cards, each once, sorted. */
  readonly cards: readonly string[];
  /** All ranks of a replica are on one node. */
  readonly oneNode: boolean;
}

function podsOfReplica(ranks: readonly RankPlan[], cards: ReadonlyMap<string, Card>): readonly Pod[] {
  const byNode = new Map<string, RankPlan[]>();
  for (const rank of ranks) byNode.set(rank.node, [...(byNode.get(rank.node) ?? []), rank]);
  return [...byNode.values()].map((own) => ({ pool: cards.get(own[0]?.gpu ?? "")?.pool ?? "", ranks: own }));
}

/** In one pass: there may be thousands of replicas. */
function byReplica({ ranks, replicas }: ServingPlan): readonly (readonly RankPlan[])[] {
  const lists = Array.from({ length: replicas }, (): RankPlan[] => []);
  for (const rank of ranks) lists[rank.replica]?.push(rank);
  return lists;
}

/** Pods that are alike, and how many each replica has of them; replicas without are left out. */
interface Kind {
  readonly pool: string;
  readonly gpus: number;
  readonly perReplica: number[];
}

function kindsOf(replicas: readonly (readonly Pod[])[]): readonly Kind[] {
  const kinds = new Map<string, Kind>();
  for (const pods of replicas) {
    const counts = new Map<string, number>();
    for (const { pool, ranks } of pods) {
      const key = `${pool}/${ranks.length}`;
      if (!kinds.has(key)) kinds.set(key, { pool, gpus: ranks.length, perReplica: [] });
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) kinds.get(key)?.perReplica.push(count);
  }
  return [...kinds.values()];
}

/** KubeRay counts in replicas of so many hosts; where replicas differ, every pod is one of its own. */
function countsOf({ perReplica }: Kind): { hosts: number; replicas: number } {
  const [first = 1] = perReplica;
  if (perReplica.every((count) => count === first)) return { hosts: first, replicas: perReplica.length };
  return { hosts: 1, replicas: perReplica.reduce((a, b) => a + b, 0) };
}

type Wanted = Pick<WorkerGroupPlan, "name" | "pool" | "gpus" | "hosts" | "replicas" | "minReplicas" | "resource">;

/** What the stack says of pods: of this model's, and of those of each pool. */
export interface Wishes {
  readonly pod?: PodWish | undefined;
  /** Quantities of other extended resources by name, by pool. */
  readonly more?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What groups are made of. */
interface Making {
  readonly pools: readonly PoolPlan[];
  readonly wishes: Wishes;
}

const moreOf = (amounts: Readonly<Record<string, number>> = {}): Pick<WorkerGroupPlan, "more"> => {
  const entries = Object.entries(amounts);
  return entries.length === 0
    ? {}
    : { more: Object.fromEntries(entries.map(([name, amount]) => [name, String(amount)])) };
};

function groupOf(plan: ServingPlan, { pools, wishes }: Making, wanted: Wanted): WorkerGroupPlan {
  const pool = pools.find(({ name }) => name === wanted.pool);
  const { cpus = cpusOf(wanted.gpus), memoryGib: asked } = wishes.pod ?? {};
  const offload = plan.engine.cpuOffloadGib * wanted.gpus;
  const own = (memoryGib.pod + memoryGib.rank * wanted.gpus + offload) * GIB;
  return {
    ...wanted,
    model: plan.name,
    scheduling: pool === undefined ? { nodeSelector: {}, tolerations: [] } : onPool(pool),
    rayCpus: wanted.gpus + 2,
    cpus,
    memory: asked === undefined ? bytes(Math.ceil(own + plan.sharedMemory)) : bytes(asked * GIB),
    sharedMemory: plan.sharedMemory,
    ...moreOf(wishes.more?.[wanted.pool]),
  };
}

/** The replicas that stay, spread over the groups in their order; a replica of several groups stays whole. */
function leastOf(kinds: readonly Kind[], total: number, autoscaling: AutoscalingPlan | undefined): readonly number[] {
  const counts = kinds.map((kind) => countsOf(kind).replicas);
  if (autoscaling === undefined || counts.reduce((a, b) => a + b, 0) !== total) return counts;
  let left = autoscaling.minReplicas;
  return counts.map((count) => {
    const own = Math.min(count, left);
    left -= own;
    return own;
  });
}

/** Unequal cards in one replica: each pod is a group, so that each rank finds the card that its layers were counted for. */
function mixedPods(plan: ServingPlan, making: Making, pods: readonly Pod[]): ModelPods["groups"] {
  const short = shortName(plan.name);
  return pods.map(({ pool, ranks }, index) => {
    const name = `${short}-${index}`;
    const count = { hosts: 1, replicas: 1, minReplicas: 1 };
    return groupOf(plan, making, { name, pool, gpus: ranks.length, resource: `${name}-rank`, ...count });
  });
}

function equalPods(
  plan: ServingPlan,
  making: Making,
  replicas: readonly (readonly Pod[])[],
  autoscaling: AutoscalingPlan | undefined,
): ModelPods["groups"] {
  const short = shortName(plan.name);
  const kinds = kindsOf(replicas);
  const least = leastOf(kinds, plan.replicas, autoscaling);
  return kinds.map((kind, index) => {
    const { pool, gpus } = kind;
    const name = index === 0 ? short : `${short}-${index}`;
    const minReplicas = least[index] ?? 0;
    return groupOf(plan, making, { name, pool, gpus, ...countsOf(kind), minReplicas, resource: `${short}-rank` });
  });
}

/** The pods of one model. */
export function podsOf(
  plan: ServingPlan,
  pools: readonly PoolPlan[],
  { gpus }: Hardware,
  autoscaling?: AutoscalingPlan,
  wishes: Wishes = {},
): ModelPods {
  const known = new Map(gpus.map(({ id, pool, model }) => [id, { pool, id: model.id }] as const));
  const cards = [...new Set(plan.ranks.map(({ gpu }) => known.get(gpu)?.id ?? ""))].sort();
  const replicas = byReplica(plan).map((ranks) => podsOfReplica(ranks, known));
  const making: Making = { pools, wishes };
  const mixed = cards.length > 1 && plan.replicas === 1;
  const [first = []] = replicas;
  const groups = mixed ? mixedPods(plan, making, first) : equalPods(plan, making, replicas, autoscaling);
  const resources = first.flatMap(({ ranks }, index) =>
    ranks.map((rank) => ({ rank, resource: groups[mixed ? index : 0]?.resource ?? "" })),
  );
  const perReplica = plan.layout.tensorParallel * plan.layout.pipelineParallel;
  return {
    groups,
    bundles: resources
      .sort((a, b) => plan.ranks.indexOf(a.rank) - plan.ranks.indexOf(b.rank))
      .slice(0, perReplica)
      .map(({ resource }) => resource),
    orderedBundles: mixed,
    cards,
    oneNode: replicas.every((pods) => pods.length === 1),
  };
}
