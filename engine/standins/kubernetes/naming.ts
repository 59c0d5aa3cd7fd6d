import { createHash, randomBytes } from "node:crypto";
import { hasUnknown } from "../values";
import { annotationOf, at, isMap, nameOf, textAt, withAt, type KubeObject } from "./object";

const AUTONAMED = "pulumi.com/autonamed";

/** True when the object has a name, or will have one that is not known yet. */
export const isNamed = (object: KubeObject): boolean =>
  textAt(object, "metadata", "name") !== "" || nameIsUnknown(object);

function nameIsUnknown(object: KubeObject): boolean {
  const metadata = object["metadata"] ?? null;
  return isMap(metadata) ? hasUnknown(metadata["name"] ?? null) : hasUnknown(metadata);
}

export const isAutonamed = (object: KubeObject): boolean => annotationOf(object, AUTONAMED) === "true";

const asksForGeneratedName = (object: KubeObject): boolean =>
  !isNamed(object) && at(object, "metadata", "generateName") !== undefined;

/**
 * Gives an object without a name the one it had, or a new one: the resource's name and 8 hexadecimal digits.
 * @param seed what the digits depend on
 * @throws Error for `generateName`, which server-side apply does not have
 */
export function withName(object: KubeObject, old: KubeObject, resourceName: string, seed: string): KubeObject {
  if (asksForGeneratedName(object)) {
    throw new Error("the `.metadata.generateName` field is not supported in Server-Side Apply mode");
  }
  if (isNamed(object)) return object;
  const isNew = Object.keys(old).length === 0;
  if (!isNew && !isAutonamed(old)) return object;
  return named(object, isNew ? `${resourceName}-${digits(seed, resourceName)}` : nameOf(old));
}

function named(object: KubeObject, name: string): KubeObject {
  return withAt(withAt(object, ["metadata", "name"], name), ["metadata", "annotations", AUTONAMED], "true");
}

/** The seed differs between resources and replacements, and is the same in a preview and its update. */
export const digits = (seed: string, text: string): string =>
  createHash("sha256")
    .update(seed === "" ? randomBytes(16) : `${seed}\n${text}`)
    .digest("hex")
    .slice(0, 8);
