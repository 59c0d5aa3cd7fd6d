/** The GPUs there are and what connects them: what the planner places models on. */
import type { GpuModel } from "../../catalog/gpus";

/** A slot's PCIe generation and width; may be less than the card's. */
export interface PcieSlot {
  readonly generation: 3 | 4 | 5;
  readonly width: 1 | 2 | 4 | 8 | 16;
}

/** One GPU in one Kubernetes node. */
export interface Gpu {
  /** Unique in the stack: "<node>/<index>", as "gpu-1/0". */
  readonly id: string;
  readonly model: GpuModel;
  /** Kubernetes node that has it: the VM on Proxmox, the rented machine elsewhere. */
  readonly node: string;
  /** Node pool, the unit that users name in the stack configuration. */
  readonly pool: string;
  readonly slot: PcieSlot;
  /** Passed through to a VM: the cards then have no peer-to-peer over PCIe. */
  readonly passthrough: boolean;
  /** GPUs of one node with the same group are joined by NVLink (a bridge of two, or a switch); absent without. */
  readonly nvlinkGroup?: string;
}

/** What joins the nodes. */
export interface Network {
  /** Gigabits a second of one node's link. */
  readonly gbitPerSecond: number;
  /** RDMA (InfiniBand or RoCE) that NCCL can use. */
  readonly rdma: boolean;
}

/** All GPUs of a stack, in the order of pools, nodes and slots. */
export interface Hardware {
  readonly gpus: readonly Gpu[];
  readonly network: Network;
}
