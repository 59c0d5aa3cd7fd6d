/** A fleet to try the components of VMs with. */
import type { SitePlan } from "../../plan/site";
import * as pulumi from "@pulumi/pulumi";
import { VmFleet, type VmFleetArgs } from "../../components/vmFleet";
import type { VmPlan } from "../../plan/placement/types";
import type { Outputs } from "../support/mocks";

export const site: SitePlan = {
  stack: "homelab",
  diskStorage: "ceph",
  network: {
    prefix: 23,
    gateway: "192.168.2.1",
    dns: ["192.168.2.2", "192.168.2.3"],
    bridge: "vmbr1",
    vlan: 7,
    mtu: 9000,
  },
  user: "deckhouse",
};

const common = { pool: "w", cores: 4, memoryGib: 8, diskGib: 60, gpus: [] } as const;
export const master: VmPlan = {
  ...common,
  name: "master-1",
  vmid: 10000,
  address: "192.168.3.51",
  pool: "master",
  role: "master",
  host: "pve1",
};
export const worker: VmPlan = {
  ...common,
  name: "w-db-1",
  vmid: 12000,
  address: "192.168.3.67",
  pool: "w-db",
  role: "worker",
  host: "pve2",
};
const gpu = (slot: string): VmPlan["gpus"][number] => ({
  name: `pve1-gpu-${slot}`,
  pci: `0000:${slot}:00.0`,
  card: "rtx-3090",
  mapping: `gpu-pve1-0000-${slot}-00-0`,
});
export const gpuVm: VmPlan = {
  ...common,
  name: "w-gpu-1",
  vmid: 13000,
  address: "192.168.3.54",
  pool: "w-gpu",
  role: "gpu",
  host: "pve1",
  gpus: [gpu("65"), gpu("b3")],
};

/** Found on pve1, in another order than the plan's, with a card that no VM has. */
export const devices = [
  { pci: "0000:b3:00.0", id: "10de:2204", subsystemId: "1043:87d9", iommuGroup: 40 },
  { pci: "0000:17:00.0", id: "10de:2504", subsystemId: "1043:8810", iommuGroup: 11 },
  { pci: "0000:65:00.0", id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 21 },
];

export const image = {
  url: "https://images.example.org/debian-13-20261101.qcow2",
  fileName: "debian-13-20261101.qcow2",
  checksum: "ab".repeat(32),
  checksumAlgorithm: "sha256",
} as const;

/** Needs the mocks in place. */
export const fleetArgs = (changes: Partial<VmFleetArgs> = {}): VmFleetArgs => ({
  placement: { vms: [master, worker, gpuVm], hosts: [], spareGpus: [], warnings: [] },
  site,
  image,
  imageStorage: "local",
  imageShared: false,
  pool: "tokenrack-homelab",
  sshPublicKey: "ssh-ed25519 AAAA test",
  devices: { pve1: devices },
  protectedPools: ["master", "w-db"],
  settled: {},
  ownership: new pulumi.ResourceHook("vm-ownership", () => undefined),
  leftovers: {
    pool: new pulumi.ResourceHook("leftover-pool", () => undefined),
    mapping: new pulumi.ResourceHook("leftover-mapping", () => undefined),
  },
  ...changes,
});

export const makeFleet = (changes: Partial<VmFleetArgs> = {}): VmFleet => new VmFleet("vms", fleetArgs(changes));

/** What Proxmox's provider gives back besides the inputs: a file's id is its volume, a network card has an address. */
export const outputs: Outputs = (name, inputs) => {
  if ("fileName" in inputs) return { id: `local:import/${String(inputs["fileName"])}` };
  const cards = inputs["networkDevices"];
  if (!Array.isArray(cards)) return {};
  return { networkDevices: (cards as object[]).map((card) => ({ ...card, macAddress: `bc:24:11:${name}` })) };
};
