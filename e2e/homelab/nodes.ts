/**
 * What Deckhouse's node-manager would do, on the real API: takes StaticInstances whose VM runs into their NodeGroup, and gives
 * back those that are wanted no more. The steps are those of the simulation (`sim/dhctl/controllers.ts`); NodeGroups,
 * StaticInstances and their status are real objects, and a node is a real one of the rack.
 */
import { mapAt, nameOf, listAt, textAt, numberAt, type KubeObject } from "../../engine/standins/kubernetes/object";
import { step } from "../../sim/dhctl/controllers";
import type { Phase, StoredNode, StoredObject, World } from "../../sim/dhctl/world";
import type { RackNode } from "../node/rack";

/** What is seen in one look. */
export interface Seen {
  readonly groups: readonly KubeObject[];
  readonly instances: readonly KubeObject[];
  /** Nodes of the cluster. */
  readonly nodes: readonly KubeObject[];
  /** Whether the machine behind an address is up. */
  readonly isUp: (address: string) => boolean;
}

/** What one look makes necessary. */
export interface NodeSteps {
  /** StaticInstances whose phase is another now. */
  readonly phases: readonly { readonly name: string; readonly phase: Phase }[];
  readonly add: readonly { readonly name: string; readonly group: string }[];
  readonly remove: readonly string[];
}

/** On every node of a group, as Deckhouse has it. @see https://deckhouse.io/modules/node-manager/ */
export const groupLabel = "node.deckhouse.io/group";

const textMap = (map: KubeObject): Record<string, string> =>
  Object.fromEntries(Object.keys(map).map((key) => [key, textAt(map, key)]));

const isReady = (node: KubeObject): boolean =>
  listAt(node, "status", "conditions").some(
    (one) => textAt(one, "type") === "Ready" && textAt(one, "status") === "True",
  );

const phases: readonly string[] = ["Pending", "Bootstrapping", "Running", "Cleaning", "Error"] satisfies Phase[];
const isPhase = (text: string): text is Phase => phases.includes(text);

function stored(kind: "NodeGroup" | "StaticInstance", object: KubeObject): StoredObject {
  const phase = textAt(object, "status", "currentStatus", "phase");
  return {
    apiVersion: textAt(object, "apiVersion"),
    kind,
    metadata: { name: nameOf(object), labels: textMap(mapAt(object, "metadata", "labels")) },
    spec: { ...mapAt(object, "spec") },
    ...(isPhase(phase) ? { status: { currentStatus: { phase } } } : {}),
  };
}

/** The API as the simulation has it. A machine that is not up is none: nobody can log in to it. */
function worldOf({ groups, instances, nodes, isUp }: Seen): World {
  const objects = [
    ...groups.map((group) => stored("NodeGroup", group)),
    ...instances
      .filter((one) => isUp(textAt(one, "spec", "address")) || textAt(one, "status", "currentStatus", "phase") !== "")
      .map((one) => stored("StaticInstance", one)),
  ];
  const known = nodes.map((node): StoredNode => ({
    name: nameOf(node),
    group: textAt(node, "metadata", "labels", groupLabel),
    ready: isReady(node),
  }));
  return {
    ...{ licence: "", steps: {}, deckhouse: true, clusterConfiguration: "", stuck: true },
    objects: Object.fromEntries(objects.map((one) => [`${one.kind}/${one.metadata.name}`, one])),
    nodes: known,
  };
}

/** One step of the controllers. Pure. */
export function nodeSteps(seen: Seen): NodeSteps {
  const before = worldOf(seen);
  const after = structuredClone(before);
  step(after);
  const phaseOf = (world: World, key: string): Phase | undefined => world.objects[key]?.status?.currentStatus.phase;
  const moved = Object.values(after.objects).flatMap(({ kind, metadata: { name } }) => {
    const key = `${kind}/${name}`;
    const phase = phaseOf(after, key);
    return kind === "StaticInstance" && phase !== undefined && phase !== phaseOf(before, key) ? [{ name, phase }] : [];
  });
  const names = (world: World): readonly string[] => world.nodes.map(({ name }) => name);
  return {
    phases: moved,
    add: after.nodes.filter(({ name }) => !names(before).includes(name)).map(({ name, group }) => ({ name, group })),
    remove: names(before).filter((name) => !names(after).includes(name)),
  };
}

/** What is known of the VM that a node is on. */
export interface Machine {
  /** NVIDIA cards that Proxmox gave to it. */
  readonly gpus: number;
}

/** The node as it registers: what its group's template says, and what Deckhouse and node feature discovery add. */
export function rackNode(name: string, group: KubeObject, { gpus }: Machine): RackNode {
  const template = mapAt(group, "spec", "nodeTemplate");
  const taints = listAt(template, "taints").map((taint) => {
    const value = textAt(taint, "value");
    return {
      key: textAt(taint, "key"),
      effect: textAt(taint, "effect"),
      ...(value === "" ? {} : { value }),
    };
  });
  const isMaster = nameOf(group) === "master";
  return {
    name,
    labels: {
      [groupLabel]: nameOf(group),
      "node.deckhouse.io/type": textAt(group, "spec", "nodeType"),
      ...textMap(mapAt(template, "labels")),
      ...(gpus === 0
        ? {}
        : {
            "feature.node.kubernetes.io/pci-10de.present": "true",
            // No card can be counted in the node: the simulated Proxmox says how many there are.
            "tokenrack.simulated/gpus": String(gpus),
          }),
    },
    taints: isMaster ? [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }, ...taints] : taints,
  };
}

/** `status` of a group: how many of its nodes there are, and how many of them are Ready. */
export function groupStatus(
  group: KubeObject,
  nodes: readonly KubeObject[],
): { readonly nodes: number; readonly ready: number } | undefined {
  const own = nodes.filter((node) => textAt(node, "metadata", "labels", groupLabel) === nameOf(group));
  const status = { nodes: own.length, ready: own.filter(isReady).length };
  const same =
    numberAt(group, "status", "nodes") === status.nodes && numberAt(group, "status", "ready") === status.ready;
  return same ? undefined : status;
}
