/** Who manages which field of an object. @see https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
import type { Properties, PropertyValue } from "../values";
import { isMap, listAt, mapAt, textAt, withAt, withoutAt, at, type KubeObject } from "./object";
import { parsePath } from "./paths";

/**
 * Managers whose fields become ours at the first update: what we wrote by a create, and what people wrote with kubectl.
 * A name counts as a beginning, so that "kubectl-edit" and "kubectl-patch" are meant too.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/await/await.go, fixCSAFieldManagers
 */
const TAKEN_OVER: readonly (readonly [name: string, operation: string])[] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["pulumi-kubernetes", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

const isOurs = (entry: PropertyValue, manager: string): boolean =>
  textAt(entry, "manager") === manager && textAt(entry, "operation") === "Apply";

const isTakenOver = (entry: PropertyValue): boolean =>
  textAt(entry, "subresource") === "" &&
  TAKEN_OVER.some(
    ([name, operation]) => textAt(entry, "manager").startsWith(name) && textAt(entry, "operation") === operation,
  );

/** The `managedFields` with which `manager` owns what it takes over; undefined when there is nothing to take over. */
export function takenOver(live: KubeObject, manager: string): readonly PropertyValue[] | undefined {
  const entries = listAt(live, "metadata", "managedFields");
  const taken = entries.filter((entry) => !isOurs(entry, manager) && isTakenOver(entry));
  const first = entries.find((entry) => isOurs(entry, manager)) ?? taken[0];
  if (taken.length === 0 || !isMap(first)) return undefined;
  const merged = taken.map((entry) => mapAt(entry, "fieldsV1")).reduce(union, mapAt(first, "fieldsV1"));
  const ours = { ...first, manager, operation: "Apply", fieldsV1: merged };
  return [...entries.filter((entry) => !isOurs(entry, manager) && !taken.includes(entry)), ours];
}

/** Sets of fields are trees of "f:name", "k:{...}" and "." keys: their union is the union of the keys. */
function union(a: Properties, b: Properties): Properties {
  const both = Object.entries(b).map(([key, value]) => {
    const there = a[key];
    return [key, isMap(there) && isMap(value) ? union(there, value) : value] as const;
  });
  return { ...a, ...Object.fromEntries(both) };
}

/** True when the fields of a manager include the one at `path`. */
function includes(entry: PropertyValue, path: readonly string[]): boolean {
  return at(mapAt(entry, "fieldsV1"), ...path.map((name) => `f:${name}`)) !== undefined;
}

/**
 * The inputs for an update that has to leave `ignored` paths alone: a field that only others manage is left out, any
 * other keeps the value that it has. Paths into lists stay as they are.
 */
export function withoutIgnored(
  inputs: KubeObject,
  live: KubeObject,
  ignored: readonly string[],
  manager: string,
): KubeObject {
  return ignored.reduce((object, text) => {
    const steps = parsePath(text);
    const path = steps.flatMap((step) => (typeof step === "string" ? [step] : []));
    if (path.length !== steps.length || path.includes("*")) return object;
    const owners = listAt(live, "metadata", "managedFields").filter((entry) => includes(entry, path));
    const foreign = owners.length > 0 && owners.every((entry) => textAt(entry, "manager") !== manager);
    if (foreign) return withoutAt(object, path);
    const value = at(live, ...path);
    return value === undefined ? object : withAt(object, path, value);
  }, inputs);
}

/** True when an apply may take fields from others without asking: nobody is known to manage any. */
export const isUnmanaged = (live: KubeObject): boolean => listAt(live, "metadata", "managedFields").length === 0;

/** True while a preview sees fields that only the real update takes over. */
export const hasOldManager = (live: KubeObject): boolean =>
  listAt(live, "metadata", "managedFields").some(
    (entry) =>
      textAt(entry, "operation") === "Update" &&
      ["pulumi-resource-kubernetes", "pulumi-kubernetes"].includes(textAt(entry, "manager")),
  );
