/** Changes in words. */
import { secretText, unknownText, type PropertyChange } from "../../engine/preview";
import { count } from "../../plan/explain/words";
import type { Operation } from "./changes";
import type { Thing } from "./stages";

/** Of each operation, as Pulumi has them. */
export const signs: Readonly<Record<Operation, string>> = { create: "+", update: "~", replace: "±", delete: "-" };

/** Properties by the word that a user has for them. */
const properties: Readonly<Record<string, string>> = {
  nodeName: "host",
  vmId: "id",
  "cpu.cores": "cores",
  "memory.dedicated": "memory in MiB",
  "disks[0].size": "disk in GiB",
  "disks[0].datastoreId": "storage of the disk",
  "efiDisk.type": "EFI type",
  "maps[0].path": "PCI address",
  "maps[0].node": "host",
  "maps[0].id": "card",
};

const isShort = (value: unknown): value is string | number | boolean =>
  typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && /^[^\n]{1,40}$/.test(value));

const valueWords = (value: unknown): string =>
  value === unknownText ? "(known during the up)" : value === secretText ? "(secret)" : String(value);

/** "host srv1 -> srv2"; only the name where the values are long. */
export function propertyWords({ path, kind, before, after }: PropertyChange): string {
  const name = properties[path] ?? path;
  if (kind === "add") return isShort(after) ? `${name}: ${valueWords(after)}` : `${name} added`;
  if (kind === "delete") return `${name} removed`;
  if (before === secretText && after === secretText) return `${name} (a secret)`;
  return isShort(before) && isShort(after) ? `${name} ${valueWords(before)} -> ${valueWords(after)}` : name;
}

const numbered = (name: string): readonly [prefix: string, number: number | undefined] => {
  const match = /^(.*?)(\d{1,6})$/.exec(name);
  return match === null ? [name, undefined] : [match[1] ?? "", Number(match[2])];
};

/** Names in order, runs of numbers as one: "w-std-1..6, w-db-1". */
export function namesOf(names: readonly string[]): string {
  const groups = new Map<string, number[]>();
  for (const name of [...new Set(names)]) {
    const [prefix, number] = numbered(name);
    // A leading zero would be lost.
    if (number === undefined || `${prefix}${number}` !== name) groups.set(name, []);
    else groups.set(prefix, [...(groups.get(prefix) ?? []), number]);
  }
  return [...groups].flatMap(([prefix, list]) => (list.length === 0 ? [prefix] : runs(prefix, list))).join(", ");
}

function runs(prefix: string, list: readonly number[]): readonly string[] {
  const all: { first: number; last: number }[] = [];
  for (const number of [...list].sort((a, b) => a - b)) {
    const open = all.at(-1);
    if (open?.last === number - 1) open.last = number;
    else all.push({ first: number, last: number });
  }
  return all.flatMap(({ first, last }) => {
    if (last - first > 1) return [`${prefix}${first}..${last}`];
    return first === last ? [`${prefix}${first}`] : [`${prefix}${first}`, `${prefix}${last}`];
  });
}

/** Most characters of names after a count. */
const mostNames = 120;

/** There is one of each at most: its name says no more. */
const single: readonly string[] = ["installation", "Kubernetes version"];

/** "NetworkPolicies", "Ingresses", "VMs". */
const pluralOf = (kind: string): string =>
  kind.endsWith("s") ? `${kind}es` : kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`;

/** Of what is made for the first time, only these are named: everything else follows from them. */
const namedWhenNew: readonly string[] = ["host", "VM"];

/** "4 hosts: srv1..4", "10 images"; one element a kind, in order of appearance. */
export function thingsWords(things: readonly Thing[], op: Operation): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const { kind, name } of things) {
    const names = kinds.get(kind) ?? [];
    kinds.set(kind, names.includes(name) ? names : [...names, name]);
  }
  return [...kinds].map(([kind, names]) => {
    const [only] = names;
    if (names.length === 1 && only !== undefined) return single.includes(kind) ? kind : `${kind} ${only}`;
    const text = op !== "create" || namedWhenNew.includes(kind) ? namesOf([...names].sort(byName)) : "";
    return `${count(names.length, kind, pluralOf(kind))}${text === "" || text.length > mostNames ? "" : `: ${text}`}`;
  });
}

/** "srv2" before "srv10". */
const byName = (a: string, b: string): number => {
  const [[prefix, number], [other, its]] = [numbered(a), numbered(b)];
  if (prefix !== other) return prefix < other ? -1 : 1;
  return (number ?? 0) - (its ?? 0);
};
