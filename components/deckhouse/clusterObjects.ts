/**
 * The cluster's objects after its installation, one resource each, by `kubectl apply --server-side` on the first master.
 *
 * Why not through the Kubernetes provider: its preview of these kinds says no more than this one (the manifest, line by
 * line), but it needs a way from this machine to the API, and it fails where a kind is not there yet, which for Deckhouse's
 * modules is the rule: the script waits for the module. Removing a machine and lowering a group's count need Deckhouse's
 * order, which a provider's delete does not have. To go over to the provider, this file alone changes.
 */
import * as pulumi from "@pulumi/pulumi";
import type { ClusterObject } from "../../render/deckhouse";
import { secretsIn } from "../../render/deckhouse/objects";
import { toYaml } from "../../render/text";
import { hostCommand, pickSecrets, type HostCommand, type SshHost } from "./hostCommand";
import type { Settings } from "../scripts";

/** Where the objects go, and what they need. */
export interface ClusterObjectsArgs {
  readonly cluster: string;
  /** The first master. */
  readonly master: SshHost;
  /** In an order that respects `after`. */
  readonly objects: readonly ClusterObject[];
  /** By the names that stand in the objects; encoded. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Which cluster it is: another one gets its objects anew. */
  readonly uid: pulumi.Input<string>;
  /** By the name of a StaticInstance: what says which machine it is, known once that machine answers. */
  readonly machines: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Modules come and go by themselves: so long an object waits for its kind, and a machine for being drained. In seconds. */
const patience = { kind: "1800", machine: "2400" } as const;

const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
  return typeof found === "string" ? found : "";
};

/** "NodeGroup/w-gpu" as a part of a resource's name: "nodegroup-w-gpu". */
const suffix = ({ kind, name }: ClusterObject): string => `${kind.toLowerCase()}-${name}`;

/** The NodeGroup of a machine: the one that waits for it. */
const groupOf = (machine: ClusterObject, objects: readonly ClusterObject[]): ClusterObject | undefined =>
  objects.find(({ kind, after }) => kind === "NodeGroup" && after.includes(machine.id));

function removal(object: ClusterObject, args: ClusterObjectsArgs) {
  if (object.keep) return undefined;
  const { cluster } = args;
  const group = object.kind === "StaticInstance" ? groupOf(object, args.objects) : undefined;
  if (group === undefined) {
    const namespace = textAt(object.manifest, "metadata", "namespace");
    return { stage: "delete" as const, settings: { cluster, kind: object.kind, name: object.name, namespace } };
  }
  const metadata = object.manifest["metadata"];
  const labels: unknown = typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, "labels") : {};
  const selector = Object.entries(labels as Readonly<Record<string, string>>)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const settings: Settings = {
    cluster,
    name: object.name,
    group: group.name,
    selector,
    wait_seconds: patience.machine,
  };
  return { stage: "node_remove" as const, settings };
}

/**
 * What a group is put in again for although it did not change: taking a machine out lowers the group's count, also of one
 * that comes back as another. By standard input, as a trigger would make the group anew.
 */
function comeAndGo({ kind, after }: ClusterObject, made: ReadonlyMap<string, HostCommand>) {
  const ids = after.filter((id) => id.startsWith("StaticInstance/")).flatMap((id) => made.get(id)?.id ?? []);
  return kind === "NodeGroup" && ids.length > 0 ? { machines: pulumi.all(ids).apply((all) => all.join(",")) } : {};
}

/** Makes a resource of each object, waiting only for those that it names. @returns them by id */
export function clusterObjects(
  prefix: string,
  args: ClusterObjectsArgs,
  opts: pulumi.CustomResourceOptions,
): ReadonlyMap<string, HostCommand> {
  const made = new Map<string, HostCommand>();
  for (const object of args.objects) {
    const { id, kind, name, manifest, after } = object;
    const machine = kind === "StaticInstance" ? args.machines[name] : undefined;
    const settings = { cluster: args.cluster, kind, name, wait_seconds: patience.kind, object: toYaml(manifest) };
    const command = hostCommand(
      `${prefix}-${suffix(object)}`,
      {
        host: args.master,
        script: kind === "StaticInstance" ? "node" : "object",
        create: { stage: "apply", settings },
        remove: removal(object, args),
        secrets: { ...pickSecrets(args.secrets, secretsIn(manifest)), ...comeAndGo(object, made) },
        standsOn: [args.uid, ...(machine === undefined ? [] : [machine])],
      },
      pulumi.mergeOptions(opts, { dependsOn: after.flatMap((other) => made.get(other) ?? []) }),
    );
    made.set(id, command);
  }
  return made;
}
