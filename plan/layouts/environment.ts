/** What NCCL, vLLM and the pod must be told about the links between the GPUs of a replica. */
import { GIB, MIB, bytes, type Bytes } from "../../catalog/units";
import type { Gpu, Network } from "../cluster/hardware";
import { linkBetween } from "../cluster/links";
import type { Layout } from "../memory/layout";
import { customAllReduceOff } from "../rules/notes";
import { onOneNode, type Replica } from "./groups";
import { groupBy } from "./pools";

/** The GPUs of a replica by their node. */
const nodesOf = (replica: Replica): ReadonlyMap<string, readonly Gpu[]> => groupBy(replica.flat(), ({ node }) => node);

/** Pairs of these GPUs that cannot read each other's memory. */
function apartPairs(gpus: readonly Gpu[], network: Network): number {
  let apart = 0;
  gpus.forEach((a, index) => {
    // Not a slice: a plan asks this for every replica.
    for (let other = index + 1; other < gpus.length; other++) {
      const b = gpus[other];
      if (b !== undefined && !linkBetween(a, b, network).p2p) apart += 1;
    }
  });
  return apart;
}

/**
 * True when NCCL must be kept from peer-to-peer: no pair of GPUs in a node has it. Some drivers and virtual machines say
 * that they do, and the first all-reduce then hangs. Where one pair has NVLink, NCCL finds out for itself, because the
 * switch would turn NVLink off too.
 */
function withoutP2p(replica: Replica, network: Network): boolean {
  const several = [...nodesOf(replica).values()].filter(({ length }) => length > 1);
  return (
    several.length > 0 && several.every((gpus) => apartPairs(gpus, network) === (gpus.length * (gpus.length - 1)) / 2)
  );
}

/**
 * Environment of every rank, sorted by name. `NCCL_SOCKET_IFNAME` is not in it: names of network interfaces are not known
 * to the plan.
 */
export function environmentOf(
  layout: Layout,
  replicas: readonly Replica[],
  network: Network,
): Readonly<Record<string, string>> {
  const several = layout.tensorParallel * layout.pipelineParallel > 1;
  const across = several && !replicas.every(onOneNode);
  const apart = several && replicas.some((replica) => withoutP2p(replica, network));
  const entries: readonly (readonly [string, string | undefined])[] = [
    ["NCCL_IB_DISABLE", across && !network.rdma ? "1" : undefined],
    ["NCCL_P2P_DISABLE", apart ? "1" : undefined],
    ["VLLM_PP_LAYER_PARTITION", layout.layerPartition?.join(",")],
  ];
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** True when vLLM's own all-reduce cannot work in a TP group of some replica. It then says so itself; we say it first. */
export const withoutCustomAllReduce = (replicas: readonly Replica[]): boolean =>
  replicas.some((replica) => replica.some((group) => customAllReduceOff(group) !== undefined));

/** vLLM's message queues: ten chunks of 16 MiB to the ranks, and ten back from each. @see vllm shm_broadcast.py, envs.py */
const queueBytes = 160 * MIB;

/** NCCL's buffers in host memory for each pair of GPUs without peer-to-peer: segments of 9,637,888 B, room for 13 of them. */
const pairBytes = 128 * MIB;

/** Ray's object store, which lies in /dev/shm; prompts and answers pass through it only in small messages. */
const objectStoreBytes = GIB;

/** What the ranks of one replica on one node share. */
const sharedOn = (gpus: readonly Gpu[], network: Network): number =>
  (gpus.length + 1) * queueBytes + apartPairs(gpus, network) * pairBytes;

/**
 * Size of /dev/shm for a pod, in whole GiB, should all replicas of a node be in one: Ray's object store, vLLM's queues,
 * and NCCL's buffers for GPUs that cannot talk to each other directly. The default of 64 MiB stops NCCL with "no space
 * left on device". @see https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html (Shared memory)
 */
export function sharedMemoryOf(replicas: readonly Replica[], network: Network): Bytes {
  const byNode = new Map<string, number>();
  const add = (gpus: readonly Gpu[], node: string): void => {
    byNode.set(node, (byNode.get(node) ?? 0) + sharedOn(gpus, network));
  };
  replicas.forEach((replica) => {
    const node = replica[0]?.[0]?.node;
    // Most are on one node, and there may be hundreds: no map for each.
    if (node !== undefined && onOneNode(replica)) add(replica.flat(), node);
    else nodesOf(replica).forEach(add);
  });
  const most = [...byNode.values()].reduce((a, b) => Math.max(a, b), 0);
  return bytes(Math.ceil((objectStoreBytes + most) / GIB) * GIB);
}
