/** What has to be the same after a run that changes nothing, and gone after a destroy. */
import { z } from "zod";
import type { Homelab } from "./homelab";

/** Kinds that the stack makes, and those that come of them and stand still. */
const kinds = [
  ...[
    "namespaces",
    "configmaps",
    "secrets",
    "services",
    "serviceaccounts",
    "persistentvolumeclaims",
    "persistentvolumes",
  ],
  ...["deployments.apps", "daemonsets.apps", "jobs.batch", "poddisruptionbudgets.policy"],
  ...[
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
  ],
  ...[
    "moduleconfigs.deckhouse.io",
    "nodegroups.deckhouse.io",
    "staticinstances.deckhouse.io",
    "sshcredentials.deckhouse.io",
  ],
  ...["nodegroupconfigurations.deckhouse.io", "ingressnginxcontrollers.deckhouse.io", "rayservices.ray.io"],
  ...["podmonitors.monitoring.coreos.com", "clusterpolicies.nvidia.com", "clusterroles.rbac.authorization.k8s.io"],
  ...["cephclusterconnections.storage.deckhouse.io", "cephstorageclasses.storage.deckhouse.io"],
];

const listSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string(), namespace: z.string().optional(), resourceVersion: z.string() }),
    }),
  ),
});

/** Everything in the cluster with its version, and everything that was ever written to hosts and Proxmox. */
export interface Snapshot {
  /** resourceVersion by "Kind/namespace/name". */
  readonly versions: ReadonlyMap<string, string>;
  readonly writes: string;
}

export async function snapshot(lab: Homelab): Promise<Snapshot> {
  const { items } = listSchema.parse(JSON.parse(await lab.kubectl("get", kinds.join(","), "-A", "-o", "json")));
  const versions = items.map(
    ({ kind, metadata: { name, namespace = "", resourceVersion } }) =>
      [`${kind}/${namespace}/${name}`, resourceVersion] as const,
  );
  return { versions: new Map(versions), writes: JSON.stringify(lab.site.writes()) };
}

/** @throws Error naming what was written in between */
export function checkUnchanged(before: Snapshot, after: Snapshot): void {
  const names = new Set([...before.versions.keys(), ...after.versions.keys()]);
  const changed = [...names].filter((name) => before.versions.get(name) !== after.versions.get(name));
  if (changed.length > 0) throw new Error(`a run without changes wrote ${changed.join(", ")}`);
  if (before.writes !== after.writes) throw new Error("a run without changes wrote to hosts, Proxmox or the master");
}

/**
 * What is inside the cluster goes with its VMs, as its disks do; here the rack goes with the run.
 * @param urns of the engine's state @throws Error naming what a destroy has left
 */
export function checkDestroyed({ site }: Pick<Homelab, "site">, urns: readonly string[]): void {
  const { vms, mappings, pools, volumes } = site.proxmox.world;
  const left = Object.entries({ vms, mappings, pools, volumes }).filter(([, list]) => list.length > 0);
  const known = urns.filter((urn) => !urn.includes("::pulumi:pulumi:Stack::"));
  const all = [...left.map(([name]) => `${name} in Proxmox`), ...known];
  if (all.length > 0) throw new Error(`destroy left ${all.join(", ")}`);
}
