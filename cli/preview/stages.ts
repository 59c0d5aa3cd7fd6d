/** Where a resource belongs in the bring-up, and what a person calls it: from its URN alone. */
import type { PreviewStep } from "../../engine/preview";

/** Stages in bring-up order; a component's name is what its resources' URNs start with. */
const stages = [
  { id: "hosts", title: "hosts", components: ["VfioHost"] },
  { id: "vms", title: "VMs", components: ["VmFleet", "GpuVm", "ProxmoxVm", "CloudImages"] },
  { id: "cluster", title: "cluster", components: ["DeckhouseCluster", "ExistingCluster"] },
  { id: "gpus", title: "GPU stack", components: ["GpuStack"] },
  { id: "kuberay", title: "KubeRay", components: ["KubeRay"] },
  { id: "weights", title: "weights", components: ["ServingNamespace", "ModelStore"] },
  { id: "models", title: "models", components: ["ServedModel", "LocalRay"] },
  { id: "gateway", title: "gateway", components: ["Gateway", "LocalGateway"] },
  { id: "chat", title: "chat UI", components: ["ChatUi"] },
  { id: "monitoring", title: "monitoring", components: ["Monitoring"] },
  { id: "other", title: "other", components: [] },
] as const;

export type StageId = (typeof stages)[number]["id"];

/** In bring-up order. */
export const stageOrder: readonly StageId[] = stages.map(({ id }) => id);

export const titleOf = (id: StageId): string => stages.find((stage) => stage.id === id)?.title ?? id;

/** What has no component above it. */
const loose: readonly (readonly [pattern: RegExp, stage: StageId])[] = [
  [/::pulumi:providers:proxmoxve::/, "vms"],
  [/::pulumi:providers:kubernetes::/, "gpus"],
  [/::command:remote:Command::master-host-key$/, "cluster"],
];

/** The types of a URN, the outermost first. */
const typesOf = (urn: string): readonly string[] => (urn.split("::")[2] ?? "").split("$");

/** The stage of a resource: that of its outermost component. */
export function stageOf(urn: string): StageId {
  const component = typesOf(urn)
    .map((type) => /^tokenrack:index:(\w+)$/.exec(type)?.[1])
    .find((name) => name !== undefined);
  const own = stages.find(({ components }) => components.some((name) => name === component));
  return own?.id ?? loose.find(([pattern]) => pattern.test(urn))?.[1] ?? "other";
}

/** What a resource is about: several resources may be about one thing. */
export interface Thing {
  /** One word for one: "VM"; its plural has an s. */
  readonly kind: string;
  readonly name: string;
}

/** Commands of a component are told apart by their names: `vfio-srv1-reboot`, `cluster-nodegroup-w-gpu`. */
const commands: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^vfio-(.+)-(?:inspect|apply|reboot|verify)$/, "host"],
  [/^cluster-staticinstance-(.+)$/, "node"],
  [/^cluster-nodegroup-(.+)$/, "node group"],
  [/^cluster-moduleconfig-(.+)$/, "module"],
  [/^cluster-(bootstrap)$/, "installation"],
  [/^cluster-(version)$/, "Kubernetes version"],
  [/^cluster-(identity|kubeconfig|ready|check)$/, "check"],
  [/^(master-host-key)$/, "check"],
  [/^cluster-(.+)$/, "object"],
  [/^(?:ray|gateway)-(python|model|ray|serve|process|first-token)$/, "part"],
  // Of the stages inside a cluster: they make nothing but definitions, and wait.
  [/^(.+)$/, "check"],
];

/** Resources of other providers by type; what Kubernetes calls a kind is its own word. */
const types: Readonly<Record<string, { readonly kind: string; readonly name?: RegExp }>> = {
  "proxmoxve:index/vmLegacy:VmLegacy": { kind: "VM", name: /^(.*)-vm$/ },
  "proxmoxve:hardware/mapping/pci:Pci": { kind: "GPU mapping" },
  "proxmoxve:download/file:File": { kind: "image", name: /^.*-image-(.*)$/ },
  "proxmoxve:index/poolLegacy:PoolLegacy": { kind: "pool" },
  "kubernetes:helm.sh/v3:Release": { kind: "Helm release" },
};

/** What a resource is; undefined for what only holds others: components and providers. */
export function thingOf({ urn, type, name }: Pick<PreviewStep, "urn" | "type" | "name">): Thing | undefined {
  if (type.startsWith("tokenrack:") || type.startsWith("pulumi:")) return undefined;
  if (type.startsWith("command:") && stageOf(urn) !== "other") {
    for (const [pattern, kind] of commands) {
      const found = pattern.exec(name)?.[1];
      if (found !== undefined) return { kind, name: found };
    }
  }
  const known = types[type];
  if (known !== undefined) return { kind: known.kind, name: known.name?.exec(name)?.[1] ?? name };
  // "kubernetes:core/v1:ConfigMap" is a ConfigMap.
  return { kind: type.split(":").at(-1) ?? type, name };
}
