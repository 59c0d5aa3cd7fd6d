/** How long the GPUs of a replica talk to each other for each token, and what a network would have to give. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Network } from "../cluster/hardware";
import { linkBetween, slowestLink, type Link } from "../cluster/links";
import type { Layout } from "../memory/layout";
import { allReduceSeconds, sendSeconds } from "../speed/collectives";
import { activationBytes, handedOver, reducesAtEnds, reducesPerLayer } from "../speed/factors";
import type { Replica } from "./groups";

/** Bits in a byte, and bytes in a GB. */
const [bits, giga] = [8, 1e9];

/** All-reduces of one step over all layers. */
export const reducesOf = ({ layers }: ModelShape): number => reducesPerLayer * layers + reducesAtEnds;

/** Bytes that each all-reduce of so many tokens adds up. */
export const reducedBytes = ({ hidden }: ModelShape, tokens: number): number => tokens * hidden * activationBytes;

/** Seconds that a step of so many tokens spends in all-reduces with TP over this link. */
export const reduceSeconds = (shape: ModelShape, ranks: number, link: Link | undefined, tokens: number): number =>
  reducesOf(shape) * allReduceSeconds(reducedBytes(shape, tokens), ranks, link);

/** Seconds that a step of so many tokens spends between the GPUs of a replica: all-reduces and handing over. */
export function linkSeconds(shape: ModelShape, layout: Layout, replica: Replica, network: Network, tokens = 1): number {
  const links = replica.map((group) => slowestLink(group, network));
  const slowest = links.reduce<Link | undefined>(
    (a, b) => (a === undefined || (b !== undefined && b.gbs < a.gbs) ? b : a),
    undefined,
  );
  const sends = replica.slice(1).map((group, index) => {
    const [from, to] = [replica[index]?.[0], group[0]];
    const link = from === undefined || to === undefined ? undefined : linkBetween(from, to, network);
    return sendSeconds(handedOver * reducedBytes(shape, tokens), link);
  });
  return reduceSeconds(shape, layout.tensorParallel, slowest, tokens) + sends.reduce((sum, send) => sum + send, 0);
}

/**
 * Gb/s that a network must carry so that the all-reduces of a step of so many tokens take so many seconds, without what
 * each message waits. A ring moves 2(n-1)/n of the bytes over each link. @see speed/collectives.ts
 */
export function neededGbit(shape: ModelShape, ranks: number, tokens: number, seconds: number): number {
  const moved = (2 * (ranks - 1)) / ranks;
  return (reducesOf(shape) * reducedBytes(shape, tokens) * moved * bits) / (seconds * giga);
}
