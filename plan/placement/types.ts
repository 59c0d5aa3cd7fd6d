/** Which VM runs on which host with which GPUs: plain data, printable as JSON. */

/** One GPU of a VM. */
export interface VmGpu {
  /** Its name in the stack: unique. */
  readonly name: string;
  /** PCI address on the host, function 0: "0000:01:00.0". */
  readonly pci: string;
  /** The card, by its id in the catalogue where it is known. */
  readonly card: string;
  /** Name of the Proxmox resource mapping: from host and address, so that it stays whatever is added. */
  readonly mapping: string;
  /** GPUs of this VM with the same group are joined by an NVLink bridge; absent without. */
  readonly nvlinkGroup?: string;
}

/** One VM, which is one Kubernetes node. */
export interface VmPlan {
  /** Name of the VM and of the node. */
  readonly name: string;
  readonly vmid: number;
  /** IPv4 address in the nodes' network. */
  readonly address: string;
  /** Name of the node pool. */
  readonly pool: string;
  readonly role: "master" | "system" | "worker" | "gpu";
  /** Name of the Proxmox host. */
  readonly host: string;
  /** Processor threads. */
  readonly cores: number;
  /** Memory in GiB; all of it is the VM's, none is ballooned or shared. */
  readonly memoryGib: number;
  /** System disk in GiB. */
  readonly diskGib: number;
  /** In the order of the guest's slots. */
  readonly gpus: readonly VmGpu[];
}

/** What a host has and what of it is given away. */
export interface HostUse {
  readonly name: string;
  /** Names of its VMs, in the order of pools. */
  readonly vms: readonly string[];
  readonly cores: { readonly total: number; readonly used: number };
  /** In GiB. `total` is without what the host keeps for itself. */
  readonly memoryGib: { readonly total: number; readonly used: number };
}

/** A GPU that is in no VM. */
export interface SpareGpu {
  readonly name: string;
  readonly host: string;
  readonly pci: string;
  readonly card: string;
}

/** All VMs of a stack on its hosts. */
export interface Placement {
  /** In the order of pools and nodes. */
  readonly vms: readonly VmPlan[];
  /** In the order of the stack. */
  readonly hosts: readonly HostUse[];
  readonly spareGpus: readonly SpareGpu[];
  readonly warnings: readonly string[];
}
