/** Networks that must not touch, and the addresses of ingress controllers among the nodes'. */
import { contains, overlap, parseAddress, parseNetwork, type Network } from "../../../config/addresses";
import type { Fault } from "../../../config/errors";
import type { DeckhouseInput, IngressController } from "../types";

interface Area {
  readonly path: string;
  readonly text: string;
  readonly network: Pick<Network, "first" | "last">;
}

function area(path: string, text: string): Area[] {
  const network = parseNetwork(text);
  return network === undefined ? [] : [{ path, text, network }];
}

/** "192.168.3.70-192.168.3.100", or a network. */
function rangeOf(text: string): Pick<Network, "first" | "last"> | undefined {
  const [from = "", to = from, ...more] = text.split("-");
  const [first, last] = [parseAddress(from.trim()), parseAddress(to.trim())];
  if (first === undefined || last === undefined || more.length > 0 || last < first) return parseNetwork(text);
  return { first, last };
}

const rangePath = (index: number): string => `cluster.ingress[${index}].addresses`;

/** Each pair once. The prefix of a network plays no part here. */
function overlapFaults(areas: readonly Area[]): Fault[] {
  return areas.flatMap((one, index) =>
    areas
      .slice(0, index)
      .filter((other) => overlap({ ...one.network, prefix: 0 }, { ...other.network, prefix: 0 }))
      .map((other) => ({
        path: one.path,
        found: `${one.text}, which overlaps ${other.path} ${other.text}`,
        needed: "networks that share no address",
        fix: `move ${one.path} or ${other.path}`,
      })),
  );
}

/** MetalLB answers for an address of its range in the nodes' own network: it must lie there, and be nobody's. */
function rangeFaults(one: IngressController, index: number, input: DeckhouseInput): Fault[] {
  const path = rangePath(index);
  const range = rangeOf(one.addresses);
  if (range === undefined) {
    const needed = 'a range like "192.168.3.70-192.168.3.100"';
    return [{ path, found: one.addresses, needed, fix: "write the first and the last address" }];
  }
  const within = (address: number): boolean => contains({ ...range, prefix: 0 }, address);
  const networks = input.nodeNetworks.flatMap((text) => parseNetwork(text) ?? []);
  const inside = networks.some((network) => contains(network, range.first) && contains(network, range.last));
  const nodes = input.pools.flatMap(({ nodes }) => nodes).filter(({ address }) => within(parseAddress(address) ?? -1));
  const own = one.address === undefined ? undefined : parseAddress(one.address);
  return [
    ...(inside || networks.length === 0
      ? []
      : [
          {
            path,
            found: `${one.addresses}, which is not in the nodes' network ${input.nodeNetworks.join(", ")}`,
            needed: "free addresses of the nodes' network: MetalLB answers for them there",
            fix: "choose addresses of that network",
          },
        ]),
    ...nodes.map(({ name, address }) => ({
      path,
      found: `${one.addresses}, which has ${address}, the address of node ${name}`,
      needed: "addresses that no machine has",
      fix: `shorten the range, or move ${name}`,
    })),
    ...(one.address === undefined || (own !== undefined && within(own))
      ? []
      : [
          {
            path: `cluster.ingress[${index}].address`,
            found: `${one.address}, which is not in ${one.addresses}`,
            needed: "an address of the range",
            fix: `correct it, or ${path}`,
          },
        ]),
  ];
}

/** Faults in networks and addresses. */
export function addressFaults(input: DeckhouseInput): readonly Fault[] {
  const { cluster, nodeNetworks, ingress = [] } = input;
  const networks = [
    ...nodeNetworks.flatMap((text) => area("network.subnet", text)),
    ...area("cluster.serviceSubnetCIDR", cluster.serviceSubnetCIDR),
    ...area("cluster.podSubnetCIDR", cluster.podSubnetCIDR),
  ];
  const ranges = ingress.flatMap(({ addresses }, index) => {
    const network = rangeOf(addresses);
    return network === undefined ? [] : [{ path: rangePath(index), text: addresses, network }];
  });
  return [
    ...overlapFaults(networks),
    ...ingress.flatMap((one, index) => rangeFaults(one, index, input)),
    ...overlapFaults(ranges),
  ];
}
