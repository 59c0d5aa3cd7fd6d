/** What of the changes may hurt: a table of rules over plain data. */
import { unknownText } from "../../engine/preview";
import type { HostPlan } from "../../plan/hosts";
import type { Operation, ResourceChange } from "./changes";
import type { HostLook } from "./look";
import { reboots, textsOf } from "./hostDanger";
import { lineChanges, settingsOf } from "./textDiff";
import { namesOf, propertyWords } from "./words";

/** The worst first. */
export const dangerKinds = [
  "refused",
  "data",
  "vm",
  "reboot",
  "cluster",
  "downtime",
  "exposure",
  "access",
  "quota",
  "blind",
] as const;
export type DangerKind = (typeof dangerKinds)[number];

/** One thing that may hurt. */
export interface Danger {
  readonly kind: DangerKind;
  /** A sentence without its full stop. */
  readonly text: string;
  /** Why, one reason each. */
  readonly why: readonly string[];
}

const takenAway: readonly Operation[] = ["replace", "delete"];
const touched: readonly Operation[] = ["update", "replace"];

const about = (kind: string, ops: readonly Operation[]) => (change: ResourceChange) =>
  change.thing?.kind === kind && ops.includes(change.op);

const nameOf = ({ thing, name }: ResourceChange): string => thing?.name ?? name;

const reasons = ({ changed }: ResourceChange): readonly string[] => {
  const forced = changed.filter(({ replaces }) => replaces);
  return (forced.length > 0 ? forced : changed).map(propertyWords);
};

/** Things of one kind that share a fate, in one sentence. */
const grouped = (changes: readonly ResourceChange[]): readonly string[] => {
  const whys = new Map<string, string[]>();
  for (const change of changes) {
    for (const reason of reasons(change)) whys.set(reason, [...(whys.get(reason) ?? []), nameOf(change)]);
  }
  return [...whys].map(([reason, who]) => (changes.length === who.length ? reason : `${namesOf(who)}: ${reason}`));
};

function vms(changes: readonly ResourceChange[]): readonly Danger[] {
  const [deleted, replaced] = (["delete", "replace"] as const).map((op) => changes.filter(about("VM", [op])));
  const list = (own: readonly ResourceChange[]): string => namesOf(own.map(nameOf));
  return [
    ...(deleted === undefined || deleted.length === 0
      ? []
      : [{ kind: "data", text: `VM ${list(deleted)} deleted with disk, drained before`, why: [] } as const]),
    ...(replaced === undefined || replaced.length === 0
      ? []
      : [
          {
            kind: "vm",
            text: `VM ${list(replaced)} deleted and made anew with an empty disk, out of the cluster meanwhile`,
            why: grouped(replaced),
          } as const,
        ]),
  ];
}

/** Nodes that go although their VMs stay; those whose fate only the up knows are told apart. */
export function leavingNodes(changes: readonly ResourceChange[]): {
  readonly sure: readonly ResourceChange[];
  readonly open: readonly ResourceChange[];
} {
  const goneVms = changes.filter(about("VM", takenAway)).map(nameOf);
  const nodes = changes.filter(about("node", takenAway)).filter((node) => !goneVms.includes(nameOf(node)));
  const isSure = ({ op, changed }: ResourceChange): boolean =>
    op === "delete" || changed.some(({ replaces, after }) => replaces && after !== unknownText);
  return { sure: nodes.filter(isSure), open: nodes.filter((node) => !isSure(node)) };
}

/** A cluster that goes, and nodes of it that go. */
function cluster(changes: readonly ResourceChange[]): readonly Danger[] {
  const [installation] = changes.filter(about("installation", takenAway));
  if (installation !== undefined) {
    const gone = installation.op === "delete" ? "is forgotten" : "is installed anew: everything in it is lost";
    return [{ kind: "data", text: `the cluster ${gone}`, why: reasons(installation) }];
  }
  const { sure } = leavingNodes(changes);
  const leaving: readonly Danger[] =
    sure.length === 0
      ? []
      : [
          {
            kind: "downtime",
            text: `drained and out of the cluster: node ${namesOf(sure.map(nameOf))}`,
            why: grouped(sure),
          },
        ];
  return [...leaving, ...upgrade(changes), ...taints(changes)];
}

function upgrade(changes: readonly ResourceChange[]): readonly Danger[] {
  return changes.filter(about("Kubernetes version", touched)).flatMap((change): readonly Danger[] => {
    const [before, after] = textsOf(change, "create");
    const different = lineChanges(before, after).map(({ line }) => line);
    if (!different.some((line) => line.startsWith("kubernetes_version="))) return [];
    const [old, next] = [settingsOf(before)["kubernetes_version"], settingsOf(after)["kubernetes_version"]];
    return [{ kind: "cluster", text: `Kubernetes ${old} -> ${next}: every node is drained in turn`, why: [] }];
  });
}

/** Pods that do not tolerate a new taint have to go. */
function taints(changes: readonly ResourceChange[]): readonly Danger[] {
  const isTaint = (line: string): boolean => /^\s+(?:- )?(?:effect|taints|key|value):/.test(line);
  return changes.filter(about("node group", touched)).flatMap((change): readonly Danger[] => {
    const lines = lineChanges(...textsOf(change, "create")).filter(({ line }) => isTaint(line));
    if (lines.length === 0) return [];
    const of = (wanted: "-" | "+"): string =>
      lines.flatMap(({ sign, line }) => (sign === wanted ? [line.trim().replace(/^- /, "")] : [])).join(", ");
    const why = [`${of("-") || "none"} -> ${of("+") || "none"}`];
    return [
      { kind: "downtime", text: `taints of ${nameOf(change)} change: pods without that toleration are evicted`, why },
    ];
  });
}

/** Parts of the local stack by what is down meanwhile. */
function local(changes: readonly ResourceChange[]): readonly Danger[] {
  const again = changes.filter(about("part", [...takenAway, "update"])).filter(({ name }) => name !== "ray-python");
  if (again.length === 0) return [];
  const text = "the endpoint does not answer while parts of it start again";
  return [{ kind: "downtime", text, why: [namesOf(again.map(nameOf))] }];
}

const gone = (op: Operation): string => (op === "delete" ? "is deleted" : "is deleted and made anew");

/** Between a mapping and its VM there is nothing else. */
const mappings = (changes: readonly ResourceChange[]): readonly Danger[] =>
  changes.filter(about("GPU mapping", takenAway)).map((change) => ({
    kind: "downtime",
    text: `GPU mapping ${nameOf(change)} ${gone(change.op)}: its VM is without the GPU meanwhile`,
    why: reasons(change),
  }));

/** What an up would refuse; the other rules say what would be lost without that. */
function refused(changes: readonly ResourceChange[]): readonly Danger[] {
  const own = changes.filter(({ op, protect }) => protect && takenAway.includes(op));
  if (own.length === 0) return [];
  const text = `an up refuses: ${namesOf(own.map(nameOf))} ${own.length === 1 ? "is" : "are"} protected, and would go`;
  return [{ kind: "refused", text, why: [] }];
}

/** The worst first. */
export const worstFirst = (all: readonly Danger[]): readonly Danger[] =>
  dangerKinds.flatMap((kind) => all.filter((danger) => danger.kind === kind));

/** Dangers of hosts, VMs and the cluster, and of this machine. */
export const dangersIn = (
  changes: readonly ResourceChange[],
  hosts: readonly HostPlan[],
  looks: readonly HostLook[] = [],
): readonly Danger[] => [
  ...refused(changes),
  ...vms(changes),
  ...reboots(changes, hosts, looks),
  ...cluster(changes),
  ...local(changes),
  ...mappings(changes),
];
