/** Names, VM ids and addresses of the nodes on Proxmox: from the pools alone, so that nothing else can change them. */
import type { Fault } from "../errors";
import type { Entry, Host, NodeNetwork, Pool } from "./parts";
import { repeated, type Placed } from "./unique";

/** What a node is known by. */
export interface Identity {
  readonly name: string;
  readonly vmid: number;
  readonly address: string;
}

/** First id of the first pool, where it names none: above the ids that people give by hand. */
const firstOfAll = 10_000;
/** Ids kept for each pool: as many as it may have nodes. */
const idsPerPool = 1000;

/** Name, VM id and address of node `node` of pool `index`; the same whatever is added after it. */
export function identityOf(pool: Pool, index: number, node: number): Identity {
  const pin = pool.nodes[node];
  const first = pool.firstVmid ?? firstOfAll + index * idsPerPool;
  return {
    name: pin?.name ?? `${pool.name}-${node + 1}`,
    vmid: pin?.vmid ?? first + node,
    address: pool.addresses[node] ?? "",
  };
}

/** Addresses that no node may have: the hosts' and the router's. */
const taken = (hosts: readonly Entry<Host>[], network: NodeNetwork | undefined): readonly Placed[] => [
  ...hosts.map(({ index, value }) => ({ path: `hosts[${index}].address`, value: value.address })),
  ...(network === undefined ? [] : [{ path: "network.gateway", value: network.gateway }]),
];

/** No name, id or address twice. */
export function identityFaults(
  pools: readonly Entry<Pool>[],
  hosts: readonly Entry<Host>[],
  network: NodeNetwork | undefined,
): Fault[] {
  const nodes = pools.flatMap(({ index, value: pool }) =>
    Array.from({ length: pool.count }, (_, node) => ({
      path: `pools[${index}].nodes[${node}]`,
      addresses: `pools[${index}].addresses`,
      ...identityOf(pool, index, node),
    })),
  );
  const addresses = nodes
    .filter(({ address }) => address !== "")
    .map(({ addresses: path, address }) => ({ path, value: address }));
  const vmids = nodes.map(({ path, vmid }) => ({ path: `${path}.vmid`, value: vmid }));
  const fix = (path: string, first: string): string =>
    `change ${path} or ${first} (both may follow from \`firstVmid\`)`;
  // Hosts with one address are another rule's business.
  const others = [...new Map(taken(hosts, network).map((one) => [one.value, one] as const)).values()];
  return [
    ...repeated(
      nodes.map(({ path, name }) => ({ path: `${path}.name`, value: name })),
      "the name",
      "each node's name once",
    ),
    ...repeated(vmids, "VM id", "each VM id once", fix),
    ...repeated([...others, ...addresses], "the address", "each address once"),
  ];
}
