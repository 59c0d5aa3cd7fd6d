/** Changes of stacks that were brought up: what a person would edit in the stack file. Hosts, VMs and cluster here. */
import { changed } from "../../config/stacks";
import { homelab, rented } from "../../program/homelab";
import { stageCases } from "./stageCases";
import type { Stack } from "./upped";

type List = readonly Readonly<Record<string, unknown>>[];

const listed = (stack: Stack, key: string): List => stack[key] as List;

/** One host or pool by name, changed. */
function edit(stack: Stack, key: "hosts" | "pools", name: string, its: Readonly<Record<string, unknown>>): Stack {
  return { ...stack, [key]: listed(stack, key).map((one) => (one["name"] === name ? { ...one, ...its } : one)) };
}

const host = (name: string, address: string, more: object = {}): Readonly<Record<string, unknown>> => ({
  ...{ name, address, cores: 40, memoryGib: 192, reservedGib: 32, reboot: "ifNeeded" },
  ...{ ssh: listed(homelab(), "hosts")[0]?.["ssh"], ...more },
});

const gpuAt = (pci: string): Readonly<Record<string, unknown>> => ({
  gpus: [{ pci, card: "rtx-3090", slot: { generation: 3 } }],
});

function gpuNode(stack: Stack): Stack {
  const hosts = [...listed(stack, "hosts"), host("srv8", "192.168.2.18", gpuAt("0000:17:00.0"))];
  const addresses = ["192.168.3.54", "192.168.3.55", "192.168.3.60", "192.168.3.64"];
  return edit({ ...stack, hosts }, "pools", "w-gpu", { count: 4, addresses });
}

/** One change. */
export interface Case {
  readonly stack: "homelab" | "a100";
  /** What was brought up, where it is not the stack file as it is. */
  readonly from?: (stack: Stack) => Stack;
  /** What is edited. */
  readonly to: (stack: Stack) => Stack;
  /** The plan refuses it: the engine is never asked. */
  readonly unfit?: true;
}

const machineCases: Readonly<Record<string, Case["to"]>> = {
  nothing: (stack) => stack,
  "a GPU node added": gpuNode,
  "a host without GPUs added": (stack) => ({
    ...stack,
    hosts: [...listed(stack, "hosts"), host("srv8", "192.168.2.18")],
  }),
  "a GPU in another slot": (stack) => edit(stack, "hosts", "srv1", gpuAt("0000:17:00.0")),
  "consent to a reboot": (stack) => edit(stack, "hosts", "srv2", { reboot: "ifNeeded" }),
  "more memory for a pool": (stack) => edit(stack, "pools", "w-db", { memoryGib: 48 }),
  "a pool on other hosts": (stack) => edit(stack, "pools", "w-db", { hosts: ["srv4", "srv5", "srv6"] }),
  "one node less": (stack) =>
    edit(stack, "pools", "w-std", { count: 5, addresses: ["192.168.3.61-192.168.3.63", "192.168.3.57-192.168.3.58"] }),
  "a taint renamed": (stack) =>
    edit(stack, "pools", "w-db", { taint: { key: "dedicated.homelab", value: "database", effect: "NoExecute" } }),
  "another image": (stack) =>
    changed(stack, "platform.image", { url: "https://images.lan/debian-14.img", checksum: "cd".repeat(32) }),
  "another Kubernetes": (stack) => changed(stack, "cluster.kubernetesVersion", "1.34"),
  "a user added": (stack) => ({
    ...changed(stack, "cluster.users", [{ name: "alice", email: "alice@my.org", accessLevel: "User" }]),
    clusterPasswordHashes: JSON.stringify({ alice: `$2y$10$${"a".repeat(53)}` }),
  }),
};

/** By name. */
export const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(machineCases).map(([name, to]): [string, Case] => [name, { stack: "homelab", to }]),
  ),
  ...stageCases,
};

export const caseOf = (name: string): Case => {
  const found = cases[name];
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};

const committed = { homelab, a100: () => rented("a100") } as const;

/** What was brought up. */
export const beforeOf = ({ stack, from = (values) => values }: Case): Stack => from(committed[stack]());

/** What it is to be. */
export const afterOf = (one: Case): Stack => one.to(beforeOf(one));

/** A case as a file's name. */
export const fileOf = (name: string, ending = "json"): string =>
  `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.${ending}`;
