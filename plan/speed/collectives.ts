/** Time that GPUs need to exchange activations. */
import type { Link } from "../cluster/links";
import { collectiveSeconds, GIGA } from "./factors";

/** Bytes go round a ring twice: once to be summed, once to be handed out; a tree is climbed up and down. */
const ways = 2;

/**
 * Seconds of one all-reduce. A small message costs its hops, up and down a tree (NVLink: all ranks read each other at
 * once); a large one its bytes, of which a ring moves 2(n-1)/n over each link.
 * @see NCCL, src/graph/tuning.cc; vllm/distributed/device_communicators/custom_all_reduce.py
 */
export function allReduceSeconds(bytes: number, ranks: number, link: Link | undefined): number {
  if (link === undefined || ranks === 1) return 0;
  const depth = link.kind === "nvlink" ? 1 : Math.ceil(Math.log2(ranks));
  const moved = (ways * (ranks - 1) * bytes) / ranks;
  return collectiveSeconds + ways * depth * link.latency + moved / (link.gbs * GIGA);
}

/** Seconds to send so many bytes to one other GPU. */
export const sendSeconds = (bytes: number, link: Link | undefined): number =>
  link === undefined ? 0 : collectiveSeconds + link.latency + bytes / (link.gbs * GIGA);
