/** What joins two GPUs, and how fast it is for NCCL. */
import type { Gpu, Network, PcieSlot } from "./hardware";

/** One connection between two GPUs. */
export interface Link {
  readonly kind: "nvlink" | "pcie" | "network";
  /** Usable GB/s (10^9 bytes) in one direction. */
  readonly gbs: number;
  /** Seconds for one hop of a small message. */
  readonly latency: number;
  /** The GPUs read each other's memory; without it data goes through the host's memory or a network card. */
  readonly p2p: boolean;
}

/** NVLink's sheets count both directions. */
const directions = 2;

/** Bits in a byte. */
const bitsPerByte = 8;

/**
 * Share of NVLink's bandwidth that NCCL reaches: 48 MiB more took 170.4 us on two H200, 295 of 450 GB/s. Other NVLinks
 * assumed alike. @see test/plan/speed.calibration.json, micro
 */
const nvlinkEfficiency = 0.66;

/** GB/s of one PCIe lane in one direction: 8, 16 and 32 GT/s with 128b/130b coding. @see PCI Express Base Specification */
const laneGBs: Readonly<Record<PcieSlot["generation"], number>> = { 3: 0.985, 4: 1.969, 5: 3.938 };

/** Share that is left of PCIe after packet headers: 24 to 26 of 31.5 GB/s at 4.0 x16. @see https://github.com/NVIDIA/nccl-tests/issues/307 */
const pcieEfficiency = 0.8;

/**
 * Share of the slot's rate without peer-to-peer, where every byte is written to host memory and read again: 19.3 of 50 GB/s
 * on A40. Some desktop boards reach less (1.9 GB/s: https://github.com/sgl-project/sglang/pull/39605).
 * @see https://github.com/NVIDIA/nccl-tests/issues/74
 */
const throughHost = 0.4;

/** Share of a network's bit rate that NCCL turns into data: 24 of 25 GB/s is a good NIC. @see https://github.com/NVIDIA/nccl-tests/issues/119 */
const networkEfficiency = 0.9;

/** GB/s that NCCL reaches over TCP however fast the network is: 4 to 6 at 100 Gb/s. @see https://github.com/NVIDIA/nccl/issues/450 */
const mostOverTcp = 4;

/**
 * Seconds of one hop, what an all-reduce takes less NCCL's start (collectives.ts), for each hop. NVLink: 9 us for two H100
 * (sgl-project/sglang#2904) and row `h200-llama70b-tp2`. PCIe peer-to-peer: 20 us for four (haohervchb/sglang-V100#2).
 * Through host memory: 39 us for two (sgl-project/sglang#39605). RDMA: 33 us for two nodes (NVIDIA/dgx-spark-playbooks#103).
 * TCP: 38 to 46 us for one way (NVIDIA/nccl-tests#82). No all-reduce over 10 Gb/s Ethernet was found measured.
 */
const hop = { nvlink: 1e-6, pcieP2p: 3.3e-6, pcieHost: 16e-6, rdma: 13e-6, tcp: 35e-6 } as const;

/**
 * Seconds that the network card of a VM adds to each hop over TCP, at each end: packets go through a paravirtual device and a
 * bridge of the host. Assumed; less where a VM has a function of the network card for itself (SR-IOV).
 */
const virtualNic = 12e-6;

/** GB/s of a card in its slot, one direction, before any loss on the way through host memory. */
export function slotGBs({ model, slot }: Gpu): number {
  const { pcie } = model;
  const generation = slot.generation < pcie.generation ? slot.generation : pcie.generation;
  return laneGBs[generation] * Math.min(slot.width, pcie.width) * pcieEfficiency;
}

const hasP2p = ({ passthrough, model }: Gpu): boolean => !passthrough && model.peerToPeer;

/** Seconds of one hop between nodes. A GPU that is passed through is in a VM. */
function networkHop(a: Gpu, b: Gpu, { rdma }: Network): number {
  const ends = Number(a.passthrough) + Number(b.passthrough);
  return rdma ? hop.rdma : hop.tcp + ends * virtualNic;
}

function nvlinkGBs(a: Gpu, b: Gpu): number {
  if (a.node !== b.node || a.nvlinkGroup === undefined || a.nvlinkGroup !== b.nvlinkGroup) return 0;
  return (Math.min(a.model.nvlink?.gbs ?? 0, b.model.nvlink?.gbs ?? 0) / directions) * nvlinkEfficiency;
}

/** What NCCL uses between two GPUs: NVLink, else PCIe within a node, else the network. */
export function linkBetween(a: Gpu, b: Gpu, network: Network): Link {
  const nvlink = nvlinkGBs(a, b);
  if (nvlink > 0) return { kind: "nvlink", gbs: nvlink, latency: hop.nvlink, p2p: true };
  const slot = Math.min(slotGBs(a), slotGBs(b));
  if (a.node !== b.node) {
    const wire = (network.gbitPerSecond / bitsPerByte) * networkEfficiency;
    const gbs = Math.min(slot, network.rdma ? wire : Math.min(wire, mostOverTcp));
    return { kind: "network", gbs, latency: networkHop(a, b, network), p2p: network.rdma };
  }
  const p2p = hasP2p(a) && hasP2p(b);
  return { kind: "pcie", gbs: p2p ? slot : slot * throughHost, latency: p2p ? hop.pcieP2p : hop.pcieHost, p2p };
}

const withLatency = ({ kind, gbs, p2p }: Link, latency: number): Link => ({ kind, gbs, latency, p2p });

/**
 * What sets the pace of a group: the least bandwidth and the longest latency of any two of its GPUs, with the kind of
 * the slower one. Undefined for a single GPU.
 */
export function slowestLink(gpus: readonly Gpu[], network: Network): Link | undefined {
  let slowest: Link | undefined;
  let latency = 0;
  gpus.forEach((a, index) => {
    // Not a slice and not an iterator: a search asks this for very many groups.
    for (let other = index + 1; other < gpus.length; other++) {
      const b = gpus[other];
      if (b === undefined) continue;
      const link = linkBetween(a, b, network);
      if (slowest === undefined || link.gbs < slowest.gbs) slowest = link;
      latency = Math.max(latency, link.latency);
    }
  });
  return slowest === undefined || slowest.latency === latency ? slowest : withLatency(slowest, latency);
}
