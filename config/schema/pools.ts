/** Node pools: groups of equal Kubernetes nodes, made here (Proxmox) or found (existing cluster). */
import * as z from "zod";
import { parseRange } from "../addresses";
import { card, slotSchema } from "./proxmox";
import { flag, integer, label, text, whole, word } from "./values";

const poolNameText = "1 to 42 lower-case letters, digits and dashes that start and end with a letter or digit";
// 42 is Deckhouse's limit for a NodeGroup. @see modules/040-node-manager/crds/node_group.yaml
const poolName = () => text(/^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/, poolNameText);

const labelKey = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;
const keyText = 'a Kubernetes label key, like "dedicated.example.org" or "example.org/role"';
const valueText = "a Kubernetes label value: at most 63 letters, digits and . _ -";

/** A taint; whatever has to run there gets its toleration from here. */
export const taintSchema = z.strictObject(
  {
    /** Key of the taint. */
    key: text(labelKey, keyText),
    /** Its value. @default none */
    value: text(labelValue, valueText).optional(),
    /** What it does to pods without a toleration. @default "NoSchedule" */
    effect: word(["NoSchedule", "PreferNoSchedule", "NoExecute"]).default("NoSchedule"),
  },
  { error: "a taint: key, and optionally value and effect" },
);

/** Labels of Kubernetes. @default none */
export const labels = (): z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>> =>
  z.record(text(labelKey, keyText), text(labelValue, valueText), { error: "a map of labels to texts" }).default({});

const countText = "nodes";
const rangeText = 'an IPv4 address, or a range like "192.168.3.61-192.168.3.63"';
const range = z.string({ error: rangeText }).refine((value) => parseRange(value) !== undefined, { error: rangeText });
const addresses = z
  .array(range, { error: `a list, each ${rangeText}` })
  .transform((ranges) => ranges.flatMap((one) => parseRange(one) ?? []));

const vmid = () => integer(100, 999_999_999, "a VM id from 100 to 999999999: Proxmox keeps those below");
const names = (error: string) => z.array(z.string({ error }), { error }).min(1, { error });

/** What one node of a pool has to be: by its position in `nodes`. */
export const nodePinSchema = z.strictObject(
  {
    /** Name of the VM and of the node. @default "<pool>-<n>", counted from 1 */
    name: label().optional(),
    /** Host it runs on. @default the first with room */
    host: z.string({ error: "the name of one of `hosts`" }).optional(),
    /** Id of the VM. @default the pool's `firstVmid` and its position */
    vmid: vmid().optional(),
    /** GPUs by name; as many as the pool's `gpusPerNode`, all of one host. @default the first that are free */
    gpus: names("a list of names of GPUs under `hosts`").optional(),
  },
  { error: "a group of keys, such as `host: pve1`" },
);

/** A pool of VMs on Proxmox. */
export const proxmoxPoolSchema = z.strictObject(
  {
    /** Name of the pool and of its NodeGroup; a default part of the nodes' names. */
    name: poolName(),
    /** What its nodes are for: the control plane, the platform's own pods, any pods, or models. */
    role: word(["master", "system", "worker", "gpu"]),
    /** Nodes (1 to 1000); masters 1, 3 or 5. Adding one is one more here and one more address. */
    count: whole(1, 1000, countText),
    /** Processor threads of one node (1 to 1024); masters at least 4. */
    cores: whole(1, 1024, "threads"),
    /** Memory of one node in GiB (1 to 32768), never ballooned; masters at least 8. */
    memoryGib: whole(1, 32_768, "GiB"),
    /** System disk of one node in GiB (20 to 65536); masters at least 56. */
    diskGib: whole(20, 65_536, "GiB"),
    /** Addresses of the nodes in `network.subnet`, handed out in this order; at least `count`. */
    addresses,
    /** Card of the GPUs; for role gpu, and only one card a pool. */
    card: card().optional(),
    /** GPUs of one node (1 to 16). @default 1 for role gpu */
    gpusPerNode: whole(1, 16, "GPUs").optional(),
    taint: taintSchema.optional(),
    /** Labels of the nodes. @default none besides the pool's own */
    labels: labels(),
    /** Id of the pool's first VM (100 to 999999999). @default 10000 and 1000 more for each pool before it */
    firstVmid: vmid().optional(),
    /** Hosts that may run its nodes. @default all, in the order of `hosts` */
    hosts: names("a list of names of `hosts`").optional(),
    /** Nodes of this pool on one host at most (1 to 1000). @default no limit; for masters 1 where there are hosts enough */
    maxPerHost: whole(1, 1000, countText).optional(),
    /** Its VMs hold data and refuse to be deleted as long as this is true. @default true for masters, else false */
    protect: flag().optional(),
    /** What single nodes have to be, the first entry for the first node. @default the plan's choice */
    nodes: z.array(nodePinSchema, { error: "a list of nodes" }).default([]),
  },
  { error: "a node pool: name, role, count, cores, memoryGib, diskGib, addresses" },
);

/** A pool of nodes that are there already. */
export const existingPoolSchema = z.strictObject(
  {
    /** Name of the pool, for `models[].pools` and the plan. */
    name: poolName(),
    /** Nodes (1 to 10000). */
    count: whole(1, 10_000, countText),
    /** Card of the GPUs. @default none: a pool without GPUs */
    card: card().optional(),
    /** GPUs of one node (1 to 16). @default 1 where there is a card */
    gpusPerNode: whole(1, 16, "GPUs").optional(),
    /** What joins the GPUs of a node: nothing, bridges between pairs, or a switch. @default "switch" for SXM cards, else "none" */
    nvlink: word(["none", "pairs", "switch"]).optional(),
    /** The GPUs' slots, where they give less than the card could take. @default the card's own */
    slot: slotSchema.optional(),
    /** The nodes are VMs whose GPUs have no peer-to-peer over PCIe. @default false */
    passthrough: flag().default(false),
    /** Taints that its nodes have: what runs there gets its tolerations from here. @default none */
    taints: z.array(taintSchema, { error: "a list of taints, each with a key" }).default([]),
    /** Labels that the pool's nodes have and no others: what marks them. @default none */
    labels: labels(),
  },
  { error: "a node pool: name, count, card, gpusPerNode" },
);
