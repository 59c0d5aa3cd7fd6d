/** What to know of the changes that does not hurt. */
import type { HostPlan } from "../../plan/hosts";
import type { ResourceChange } from "./changes";
import { leavingNodes } from "./danger";
import { lookOf, preparedHosts } from "./hostDanger";
import type { HostLook } from "./look";
import { namesOf, propertyWords } from "./words";

/** Hosts without consent: whether they need it is known only of those that were looked at. */
function stops(
  changes: readonly ResourceChange[],
  hosts: readonly HostPlan[],
  looks: readonly HostLook[],
): readonly string[] {
  const names = preparedHosts(changes, hosts)
    .filter(({ host }) => host.vfio.reboot === "never" && lookOf(looks, host)?.reboot.length !== 0)
    .map(({ host }) => host.vfio.name);
  if (names.length === 0) return [];
  return [`${namesOf(names)} may not reboot (reboot: never): an up stops there if a reboot is needed`];
}

/** `rebootAfterUpdate` is off: a node is not restarted behind the cluster's back. */
function waiting(changes: readonly ResourceChange[]): readonly string[] {
  const byChange = new Map<string, string[]>();
  for (const { op, thing, changed } of changes) {
    if (op !== "update" || thing?.kind !== "VM") continue;
    const what = changed.map(propertyWords).join(", ");
    byChange.set(what, [...(byChange.get(what) ?? []), thing.name]);
  }
  return [...byChange].map(
    ([what, names]) => `VM ${namesOf(names)}: ${what}; in effect after its next restart, which an up leaves to you`,
  );
}

/** A trigger that is not known yet may turn out to be the same. */
function undecided(changes: readonly ResourceChange[]): readonly string[] {
  const { open } = leavingNodes(changes);
  if (open.length === 0) return [];
  const names = namesOf(open.map(({ thing, name }) => thing?.name ?? name));
  return [
    `only the up knows whether ${names} stay in the cluster: their VMs change, and stay if they are the same ones`,
  ];
}

function leftAlone(changes: readonly ResourceChange[]): readonly string[] {
  const [installation] = changes.filter(({ op, thing }) => op === "update" && thing?.kind === "installation");
  if (installation === undefined) return [];
  return ["the installer's configuration changes: a cluster that is installed is left alone by it"];
}

/** Notes in bring-up order. */
export const notesIn = (
  changes: readonly ResourceChange[],
  hosts: readonly HostPlan[],
  looks: readonly HostLook[] = [],
): readonly string[] => [
  ...stops(changes, hosts, looks),
  ...waiting(changes),
  ...undecided(changes),
  ...leftAlone(changes),
];
