/** Rules over addresses: networks that must not touch, and addresses that must lie inside one. */
import { contains, overlap, parseAddress, parseNetwork } from "../addresses";
import type { Fault } from "../errors";
import type { Cluster, Entry, NodeNetwork, Pool } from "./parts";

/** Networks by where they stand, of which none may overlap another. */
function overlapFaults(networks: readonly { readonly path: string; readonly cidr: string }[]): Fault[] {
  const parsed = networks.flatMap(({ path, cidr }) => {
    const network = parseNetwork(cidr);
    return network === undefined ? [] : [{ path, cidr, network }];
  });
  return parsed.flatMap((one, index) =>
    parsed.slice(0, index).flatMap((other) => {
      if (!overlap(one.network, other.network)) return [];
      const found = `${one.cidr}, which overlaps ${other.path} ${other.cidr}`;
      return [
        { path: one.path, found, needed: "networks that share no address", fix: `move ${one.path} or ${other.path}` },
      ];
    }),
  );
}

function gatewayFaults(network: NodeNetwork): Fault[] {
  const subnet = parseNetwork(network.subnet);
  const gateway = parseAddress(network.gateway);
  if (subnet === undefined || gateway === undefined || contains(subnet, gateway)) return [];
  const found = `${network.gateway}, which is not in network.subnet ${network.subnet}`;
  return [{ path: "network.gateway", found, needed: "an address of the subnet", fix: "correct the one or the other" }];
}

/** The nodes' addresses lie in the subnet, and are neither its first nor its last. */
function nodeFaults(network: NodeNetwork, pools: readonly Entry<Pool>[]): Fault[] {
  const subnet = parseNetwork(network.subnet);
  if (subnet === undefined) return [];
  return pools.flatMap(({ index, value: pool }) =>
    pool.addresses.slice(0, pool.count).flatMap((text) => {
      const address = parseAddress(text);
      const inside = address !== undefined && contains(subnet, address);
      if (inside && address !== subnet.first && address !== subnet.last) return [];
      const found = inside
        ? `${text}, which is the network itself or its broadcast address`
        : `${text}, which is not in network.subnet ${network.subnet}`;
      return [
        {
          path: `pools[${index}].addresses`,
          found,
          needed: "addresses of the subnet",
          fix: "correct it, or network.subnet",
        },
      ];
    }),
  );
}

/** The public domain is not the inner one. */
function domainFaults({ publicDomainTemplate, clusterDomain }: Cluster): Fault[] {
  const domain = publicDomainTemplate?.replace(/%s\.?/, "");
  if (domain !== clusterDomain) return [];
  const found = `${publicDomainTemplate ?? ""}, which is cluster.clusterDomain ${clusterDomain}`;
  const needed = "another domain than the cluster's own";
  return [{ path: "cluster.publicDomainTemplate", found, needed, fix: "write the domain that your DNS serves" }];
}

/** Every taint of a pool must be tolerated by the platform's pods, or they stay Pending there. */
function tolerationFaults({ customTolerationKeys }: Cluster, pools: readonly Entry<Pool>[]): Fault[] {
  if (customTolerationKeys === undefined) return [];
  return pools.flatMap(({ index, value: { taint } }) => {
    if (taint === undefined || customTolerationKeys.includes(taint.key)) return [];
    return [
      {
        path: "cluster.customTolerationKeys",
        found: `${customTolerationKeys.join(", ") || "an empty list"}, and pools[${index}].taint.key is ${taint.key}: pods would stay Pending`,
        needed: "the taint key of every pool",
        fix: `add ${taint.key}, or remove cluster.customTolerationKeys to get those of all pools`,
      },
    ];
  });
}

/** What is well formed of a stack's addresses. */
export interface Addresses {
  readonly network: NodeNetwork | undefined;
  readonly cluster: Cluster | undefined;
  readonly pools: readonly Entry<Pool>[];
}

/** Rules over addresses and domains. */
export function networkFaults({ network, cluster, pools }: Addresses): Fault[] {
  const networks = [
    ...(network === undefined ? [] : [{ path: "network.subnet", cidr: network.subnet }]),
    ...(cluster === undefined
      ? []
      : [
          { path: "cluster.serviceSubnetCIDR", cidr: cluster.serviceSubnetCIDR },
          { path: "cluster.podSubnetCIDR", cidr: cluster.podSubnetCIDR },
        ]),
  ];
  return [
    ...overlapFaults(networks),
    ...(network === undefined ? [] : [...gatewayFaults(network), ...nodeFaults(network, pools)]),
    ...(cluster === undefined ? [] : [...domainFaults(cluster), ...tolerationFaults(cluster, pools)]),
  ];
}
