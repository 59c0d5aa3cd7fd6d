/** Node pools, and VMs on hosts, as `--json` prints them. */
import * as z from "zod";
import { positive, sentences, text, whole } from "./values";

/** Taints of nodes. */
export const taints = z.array(
  z.strictObject({
    key: z.string(),
    value: z.string().optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
  }),
);
/** Labels of nodes. */
export const labels = z.record(z.string(), z.string());

/** One node pool. */
export const pool = z.strictObject({
  name: z.string(),
  role: z.enum(["master", "system", "worker", "gpu", "nodes"]),
  count: whole("nodes"),
  gpusPerNode: whole("GPUs of one node"),
  taints,
  labels,
});

const vmGpu = z.strictObject({
  name: z.string(),
  pci: text("address on the host"),
  card: z.string(),
  mapping: text("Proxmox resource mapping"),
  nvlinkGroup: z.string().optional(),
});

const vm = z.strictObject({
  name: text("of the VM and of the node"),
  vmid: positive("Proxmox id"),
  address: text("IPv4"),
  pool: z.string(),
  role: z.enum(["master", "system", "worker", "gpu"]),
  host: z.string(),
  cores: positive("threads"),
  memoryGib: z.number().positive(),
  diskGib: z.number().positive(),
  gpus: z.array(vmGpu),
});

const amount = z.strictObject({ total: z.number(), used: z.number() });

/** VMs on hosts. */
export const placement = z
  .strictObject({
    vms: z.array(vm),
    hosts: z.array(z.strictObject({ name: z.string(), vms: z.array(z.string()), cores: amount, memoryGib: amount })),
    spareGpus: z.array(z.strictObject({ name: z.string(), host: z.string(), pci: z.string(), card: z.string() })),
    warnings: sentences("about hosts and VMs"),
  })
  .describe("which VM runs on which host with which GPUs");

/** How a host is reached over SSH. */
export const ssh = z.strictObject({
  address: z.string(),
  user: z.string(),
  port: positive("port"),
  hostKey: text("public, one line").optional(),
});

/** Hosts that are made ready for passthrough. */
export const hosts = z
  .array(
    z.strictObject({
      vfio: z.strictObject({
        name: z.string(),
        gpus: z.array(z.strictObject({ pci: text("address on the host"), vm: z.string().optional() })),
        acsOverride: z.boolean(),
        allowPrimaryGpu: z.boolean(),
        reboot: z.enum(["never", "ifNeeded"]),
        restoreHost: z.boolean(),
        settleSeconds: positive("seconds to wait for quorum and Ceph"),
        lingerSeconds: positive("seconds before the reboot"),
      }),
      ssh,
      after: text("host that has to be back before this one may reboot").optional(),
    }),
  )
  .describe("hosts with GPUs, in the order in which they may reboot");
