/** IPv4 addresses and networks, as far as a stack's network has to be checked. Numbers are from 0 to 2^32 - 1. */

/** A network: its first address and the length of its prefix. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

const octets = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** "192.168.2.1" as a number; undefined when it is no address (a part above 255, or with leading zeros). */
export function parseAddress(text: string): number | undefined {
  const parts = octets.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** A number as "192.168.2.1". */
export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/** "192.168.2.0/23"; undefined when it is no network, or its address is not the network's first. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", length = "", ...more] = text.split("/");
  const first = parseAddress(address);
  if (first === undefined || more.length > 0 || !/^(?:\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const size = 2 ** (32 - Number(length));
  return first % size === 0 ? { first, last: first + size - 1, prefix: Number(length) } : undefined;
}

/** Whether two networks share an address. */
export const overlap = (a: Network, b: Network): boolean => a.first <= b.last && b.first <= a.last;

/** Whether a network has the address. */
export const contains = (network: Network, address: number): boolean =>
  network.first <= address && address <= network.last;

/** Most addresses in one range: more is a slip of the pen. */
const longestRange = 4096;

/** "192.168.3.61-192.168.3.63", or one address, as a list; undefined when it is neither, runs backwards or is longer than 4096. */
export function parseRange(text: string): readonly string[] | undefined {
  const [from = "", to = from, ...more] = text.split("-").map((part) => part.trim());
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  if (last < first || last - first >= longestRange) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => formatAddress(first + index));
}
