/** How an object is kept in the engine's state. */
import type { Call } from "../provider";
import type { Properties } from "../values";
import { isBuiltIn } from "./discovery";
import { digits } from "./naming";
import {
  annotationOf,
  apiVersionOf,
  fromProperties,
  isMap,
  kindOf,
  namespaceOf,
  splitName,
  textAt,
  toOutputs,
  withAt,
  withoutAt,
  type KubeObject,
} from "./object";
import { isInside, parsePath } from "./paths";
import { markSecrets } from "./secrets";
import { normalized } from "./shape";

const INPUTS = "__inputs";
const API_VERSION = "__initialApiVersion";
const MANAGER = "__fieldManager";

/** The live object with the inputs that it was made from; what was secret in the inputs stays so. */
export function stateOf(inputs: Properties, live: KubeObject, manager: string): Properties {
  return {
    ...markSecrets(toOutputs(live), inputs),
    [INPUTS]: markSecrets(toOutputs(fromProperties(inputs)), inputs),
    [API_VERSION]: apiVersionOf(live),
    [MANAGER]: manager,
  };
}

/** Both without secret wrapping. */
export function parseState(state: Properties): { readonly inputs: KubeObject; readonly live: KubeObject } {
  const inputs = state[INPUTS];
  return { inputs: normalized(fromProperties(isMap(inputs) ? inputs : {})), live: fromProperties(state) };
}

/** The manager that the annotation asks for, else the one so far, else a new one. */
export function managerOf(state: Properties, inputs: KubeObject): string {
  const asked = annotationOf(inputs, "pulumi.com/patchFieldManager");
  return asked || textAt(state, MANAGER) || `pulumi-kubernetes-${digits("", "")}`;
}

/** With its namespace written out, or without one where the kind has none. */
export function canonical(object: KubeObject, namespaced: boolean): KubeObject {
  if (!namespaced) return withoutAt(object, ["metadata", "namespace"]);
  return withAt(object, ["metadata", "namespace"], namespaceOf(object) || "default");
}

/** Kind, name and namespace of what an import asks for. */
export function placeOf(call: Call): KubeObject {
  const [, apiVersion = "", kind = ""] = (call.urn.split("::")[2]?.split("$").at(-1) ?? "").split(":");
  return { apiVersion: apiVersion.replace(/^core\//, ""), kind, metadata: { ...splitName(call.id) } };
}

/** True when the resource's `ignoreChanges` covers a property path. */
export function isIgnored(path: string, call: Call): boolean {
  return call.ignoreChanges.some((ignored) => isInside(parsePath(ignored), parsePath(path)));
}

const LISTS =
  "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created directly. " +
  "Use the underlying resource type instead";

/** @throws Error for types that are not plain objects */
export function refuseOtherTypes(call: Call, object: KubeObject): void {
  const token = call.urn.split("::")[2]?.split("$").at(-1) ?? "";
  const type = token.split(":")[2] ?? "";
  if (isBuiltIn(object) && type.endsWith("List") && kindOf(object) === type) throw new Error(LISTS);
  if (type === `${kindOf(object)}Patch`) {
    throw new Error(`this stand-in does not implement ${token}; it needs the official kubernetes plugin`);
  }
}
