/** Rules over the node pools on Proxmox: counts, sizes, and what they name elsewhere. */
import { describe } from "../describe";
import type { Fault } from "../errors";
import { nearestKey } from "../keys";
import { gpuName } from "./hosts";
import type { Entry, Host, Pool } from "./parts";
import { repeated } from "./unique";
import { plural } from "../../catalog/units";

/** Floors of a master: Deckhouse asks 4 cores, 8 GB and 60 GB (56 GiB). @see https://deckhouse.io/products/kubernetes-platform/gs/, dhctl's preflight checks */
const masterFloor = { cores: 4, memoryGib: 8, diskGib: 56 } as const;

function masterFaults({ index, value: pool }: Entry<Pool>): Fault[] {
  if (pool.role !== "master") return [];
  const small = (["cores", "memoryGib", "diskGib"] as const).filter((key) => pool[key] < masterFloor[key]);
  const sizes = small.map((key) => ({
    path: `pools[${index}].${key}`,
    found: `${pool[key]}${key === "cores" ? " threads" : " GiB"} for a master`,
    needed: `at least ${masterFloor[key]}${key === "cores" ? " threads" : " GiB"}: Deckhouse's installer refuses less`,
    fix: `write \`${key}: ${masterFloor[key]}\` or more`,
  }));
  if ([1, 3, 5].includes(pool.count)) return sizes;
  const found = plural(pool.count, "master");
  const needed = "1, 3 or 5: etcd needs a majority, and an even number survives no more losses than one less";
  return [{ path: `pools[${index}].count`, found, needed, fix: "write `count: 3`, or 1 without failover" }, ...sizes];
}

/** GPUs belong to the role gpu, and that role has them. */
function cardFaults({ index, value: pool }: Entry<Pool>): Fault[] {
  if (pool.role === "gpu" && pool.card === undefined) {
    const needed = "the card of its GPUs, like `card: rtx-3090`";
    return [{ path: `pools[${index}].card`, found: "nothing", needed, fix: "add it, or change the role" }];
  }
  if (pool.role === "gpu") return [];
  return (["card", "gpusPerNode"] as const)
    .filter((key) => pool[key] !== undefined)
    .map((key) => ({
      path: `pools[${index}].${key}`,
      found: `${describe(pool[key])} with role ${pool.role}`,
      needed: "GPUs only with role gpu",
      fix: "write `role: gpu`, or remove it",
    }));
}

function countFaults({ index, value: pool }: Entry<Pool>): Fault[] {
  const faults: Fault[] = [];
  if (pool.addresses.length < pool.count) {
    faults.push({
      path: `pools[${index}].addresses`,
      found: `${plural(pool.addresses.length, "address").replace("addresss", "addresses")} for ${plural(pool.count, "node")}`,
      needed: `at least ${pool.count}`,
      fix: "add addresses at the end, or lower `count`",
    });
  }
  if (pool.nodes.length > pool.count) {
    faults.push({
      path: `pools[${index}].nodes`,
      found: `${plural(pool.nodes.length, "entry").replace("entrys", "entries")} for ${plural(pool.count, "node")}`,
      needed: `at most ${pool.count}`,
      fix: "raise `count`, or remove entries",
    });
  }
  return faults;
}

/** A name that must be one of some others. */
function unknownName(path: string, name: string, known: readonly string[], what: string): Fault[] {
  if (known.includes(name)) return [];
  const near = nearestKey(name, known);
  const add = `set it to a name that is there, or add it under ${what}`;
  return [
    {
      path,
      found: `${describe(name)}, and no such name under ${what}`,
      needed: known.length === 0 ? `a name under ${what}, which has none` : `one of ${known.join(", ")}`,
      fix: near === undefined ? add : `did you mean \`${near}\`? Or add ${name} under ${what}`,
    },
  ];
}

function hostNameFaults(pools: readonly Entry<Pool>[], hosts: readonly Entry<Host>[]): Fault[] {
  const known = hosts.map(({ value }) => value.name);
  return pools.flatMap(({ index, value: pool }) => [
    ...(pool.hosts ?? []).flatMap((name, at) => unknownName(`pools[${index}].hosts[${at}]`, name, known, "hosts")),
    ...pool.nodes.flatMap(({ host }, at) =>
      host === undefined ? [] : unknownName(`pools[${index}].nodes[${at}].host`, host, known, "hosts"),
    ),
  ]);
}

/** Every GPU that a node names is there, named once, as many as the pool says, and on the node's host. */
function nodeGpuFaults(pools: readonly Entry<Pool>[], hosts: readonly Entry<Host>[]): Fault[] {
  const hostOf = new Map(hosts.flatMap(({ value }) => value.gpus.map((_, gpu) => [gpuName(value, gpu), value.name])));
  const named = pools.flatMap(({ index, value: pool }) =>
    pool.nodes.flatMap(({ gpus, host }, node) =>
      (gpus ?? []).map((gpu, at) => ({ path: `pools[${index}].nodes[${node}].gpus[${at}]`, gpu, host })),
    ),
  );
  const elsewhere = named.flatMap(({ path, gpu, host }) => {
    const actual = hostOf.get(gpu);
    if (host === undefined || actual === undefined || actual === host) return [];
    const found = `${gpu}, which is on ${actual}, and the node on ${host}`;
    return [
      {
        path,
        found,
        needed: "GPUs of the node's own host",
        fix: `write \`host: ${actual}\`, or name a GPU of ${host}`,
      },
    ];
  });
  const counts = pools.flatMap(({ index, value: pool }) =>
    pool.nodes.flatMap(({ gpus }, node) => {
      const wanted = pool.role === "gpu" ? (pool.gpusPerNode ?? 1) : 0;
      if (gpus === undefined || gpus.length === wanted) return [];
      const found = `${plural(gpus.length, "GPU")}, and ${wanted} a node in pools[${index}]`;
      const fix = wanted === 0 ? "remove it, or write `role: gpu` and a card" : "name as many as `gpusPerNode` says";
      return [{ path: `pools[${index}].nodes[${node}].gpus`, found, needed: plural(wanted, "GPU"), fix }];
    }),
  );
  const known = [...hostOf.keys()];
  return [
    ...named.flatMap(({ path, gpu }) => unknownName(path, gpu, known, "hosts[*].gpus")),
    ...repeated(
      named.map(({ path, gpu }) => ({ path, value: gpu })),
      "GPU",
      "each GPU in one VM",
    ),
    ...elsewhere,
    ...counts,
  ];
}

/** Exactly one control plane. */
function controlPlaneFaults(pools: readonly Entry<Pool>[]): Fault[] {
  const masters = pools.filter(({ value }) => value.role === "master");
  if (masters.length === 1) return [];
  const found = masters.length === 0 ? "no pool with role master" : `${masters.length} pools with role master`;
  const fix = masters.length === 0 ? "add a pool with `role: master` and `count: 3`" : "put all masters into one pool";
  return [{ path: "pools", found, needed: "exactly one pool of masters", fix }];
}

/**
 * Rules over the pools that are well formed.
 * @param hosts all hosts; undefined when some are not well formed, as every mention of those would be a fault
 * @param complete whether these are all pools
 */
export function poolFaults(
  pools: readonly Entry<Pool>[],
  hosts: readonly Entry<Host>[] | undefined,
  complete: boolean,
): Fault[] {
  const names = pools.map(({ index, value }) => ({ path: `pools[${index}].name`, value: value.name }));
  return [
    ...repeated(names, "the name", "each pool's name once"),
    ...(complete ? controlPlaneFaults(pools) : []),
    ...pools.flatMap(masterFaults),
    ...pools.flatMap(cardFaults),
    ...pools.flatMap(countFaults),
    ...(hosts === undefined ? [] : [...hostNameFaults(pools, hosts), ...nodeGpuFaults(pools, hosts)]),
  ];
}
