/** Kubernetes objects as plain data, and what the wire between the engine and a provider does to them. */
import { reveal, type Properties, type PropertyValue } from "../values";

/** A Kubernetes object without any secret wrapping. */
export type KubeObject = Properties;

export const isMap = (value: PropertyValue | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path of names; undefined where there is none. */
export function at(value: PropertyValue | undefined, ...path: readonly string[]): PropertyValue | undefined {
  let here = value;
  for (const name of path) here = isMap(here) ? here[name] : undefined;
  return here;
}

/** Empty where there is no text. */
export function textAt(value: PropertyValue | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function numberAt(value: PropertyValue | undefined, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** Empty where there is no list. */
export function listAt(value: PropertyValue | undefined, ...path: readonly string[]): readonly PropertyValue[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Empty where there is no map. */
export function mapAt(value: PropertyValue | undefined, ...path: readonly string[]): Properties {
  const found = at(value, ...path);
  return isMap(found) ? found : {};
}

/** A copy with `value` at the path; maps on the way are made, anything else there is kept as it is. */
export function withAt(object: Properties, path: readonly string[], value: PropertyValue): Properties {
  const [first, ...rest] = path;
  if (first === undefined) return object;
  if (rest.length === 0) return { ...object, [first]: value };
  const inner = object[first] ?? {};
  return isMap(inner) ? { ...object, [first]: withAt(inner, rest, value) } : object;
}

/** A copy without what is at the path. */
export function withoutAt(object: Properties, path: readonly string[]): Properties {
  const [first, ...rest] = path;
  if (first === undefined || !(first in object)) return object;
  if (rest.length === 0) return Object.fromEntries(Object.entries(object).filter(([name]) => name !== first));
  const inner = object[first];
  return isMap(inner) ? { ...object, [first]: withoutAt(inner, rest) } : object;
}

export const nameOf = (object: KubeObject): string => textAt(object, "metadata", "name");
export const namespaceOf = (object: KubeObject): string => textAt(object, "metadata", "namespace");
export const kindOf = (object: KubeObject): string => textAt(object, "kind");
export const annotationOf = (object: KubeObject, key: string): string => textAt(object, "metadata", "annotations", key);

/** The API version with core's legacy name taken out: "core/v1" is "v1". */
export const apiVersionOf = (object: KubeObject): string => textAt(object, "apiVersion").replace(/^core\//, "");

/** Empty for the core group. */
export const groupOf = (object: KubeObject): string => {
  const [group = "", version] = apiVersionOf(object).split("/");
  return version === undefined ? "" : group;
};

/** "namespace/name", or "name" where there is no namespace; the id of a resource. */
export const fullName = (object: KubeObject): string => joinName(namespaceOf(object), nameOf(object));

export const joinName = (namespace: string, name: string): string => (namespace === "" ? name : `${namespace}/${name}`);

export function splitName(id: string): { readonly namespace: string; readonly name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

export const isCustomResourceDefinition = (object: KubeObject): boolean =>
  kindOf(object) === "CustomResourceDefinition" && groupOf(object) === "apiextensions.k8s.io";

export const isSecretObject = (object: KubeObject): boolean =>
  kindOf(object) === "Secret" && apiVersionOf(object) === "v1";

/** SDKs cannot have dashes in property names: a schema's extensions are written with underscores there. */
const DASHED: ReadonlyMap<string, string> = new Map(
  [
    "embedded-resource",
    "int-or-string",
    "list-map-keys",
    "list-type",
    "map-type",
    "preserve-unknown-fields",
    "validations",
  ].map((name) => [`x_kubernetes_${name.replaceAll("-", "_")}`, `x-kubernetes-${name}`]),
);
const UNDERSCORED: ReadonlyMap<string, string> = new Map(
  [...DASHED].map(([underscored, dashed]) => [dashed, underscored]),
);

function renameKeys(value: PropertyValue, names: ReadonlyMap<string, string>): PropertyValue {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, names));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [names.get(key) ?? key, renameKeys(item, names)]),
  );
}

/** A null says "not set" to the API server, in every field that this project uses. */
function withoutNulls(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

const asMap = (value: PropertyValue): Properties => (isMap(value) ? value : {});

/** A resource's inputs as an object: in the clear, schema extensions dashed, without nulls and the engine's own keys. */
export function fromProperties(properties: Properties): KubeObject {
  const own = Object.fromEntries(Object.entries(properties).filter(([key]) => !key.startsWith("__")));
  return asMap(renameKeys(withoutNulls(reveal(own)), DASHED));
}

/** An object as a program can read it. */
export const toOutputs = (object: KubeObject): Properties => asMap(renameKeys(object, UNDERSCORED));
