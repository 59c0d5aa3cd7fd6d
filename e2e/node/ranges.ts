/** Addresses of a rack: one network of 65,536 addresses that this machine has no route into. */
import { overlap, parseAddress, parseNetwork, type Network } from "../../config/addresses";

export interface Ranges {
  /** All of them: what the machine routes into the rack. */
  readonly all: string;
  /** The machine's end of the cable, with its prefix length: "10.213.0.1/30". */
  readonly machine: string;
  /** The rack's end, without. */
  readonly gateway: string;
  readonly services: string;
  /** Of every node together. */
  readonly pods: string;
  /** Address of a node. @param index from 0 to 63 */
  node(index: number): string;
  /** Network of a node's pods. @param index from 0 to 63 */
  podsOf(index: number): string;
}

/** As many nodes as a rack may have had. */
export const mostNodes = 64;

/** @param start the first half of the addresses: "10.213" */
export const rangesAt = (start: string): Ranges => ({
  all: `${start}.0.0/16`,
  machine: `${start}.0.1/30`,
  gateway: `${start}.0.2`,
  services: `${start}.16.0/20`,
  pods: `${start}.64.0/18`,
  node: (index) => `${start}.0.${16 + index}`,
  podsOf: (index) => `${start}.${64 + index}.0/24`,
});

/** Far from where people begin to count. */
const candidates = [
  ...Array.from({ length: 40 }, (_, index) => `10.${213 + index}`),
  ...Array.from({ length: 10 }, (_, index) => `172.${20 + index}`),
];

function networkOf(destination: string): Network | undefined {
  const address = parseAddress(destination);
  return address === undefined ? parseNetwork(destination) : { first: address, last: address, prefix: 32 };
}

/**
 * The first ranges that no route of this machine leads into.
 * @param destinations of its routes, as `ip route` has them: "default", "10.0.0.0/8", "10.0.0.1"
 * @throws Error when there are none
 */
export function freeRanges(destinations: readonly string[]): Ranges {
  const taken = destinations.flatMap((one) => networkOf(one) ?? []);
  const free = candidates.find((start) => {
    const network = parseNetwork(rangesAt(start).all);
    return network !== undefined && !taken.some((one) => one.prefix > 0 && overlap(one, network));
  });
  if (free === undefined)
    throw new Error("every private network is routed already: no addresses are left for a cluster");
  return rangesAt(free);
}
