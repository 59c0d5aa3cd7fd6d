import { asSecret, hasSecret, secretContent, type Properties, type PropertyValue } from "../values";
import { isMap } from "./object";

/**
 * Marks as secret in `outs` what is secret in `ins`, and a Secret's data in any case. Maps are looked into; a list that
 * holds one secret is secret as a whole, because its order may change. So the official plugin.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/provider.go, annotateSecrets
 */
export function markSecrets(outs: Properties, ins: Properties): Properties {
  if (outs["kind"] === "Secret") return markNames(outs, ["data", "stringData"]);
  return Object.fromEntries(
    Object.entries(outs).map(([key, value]) => [key, key in ins ? markLike(value, ins[key] ?? null) : value]),
  );
}

function markLike(value: PropertyValue, like: PropertyValue): PropertyValue {
  const plainMaps = isMap(value) && isMap(like) && secretContent(value) === undefined;
  if (plainMaps && secretContent(like) === undefined) return markSecrets(value, like);
  return hasSecret(like) ? asSecret(value) : value;
}

function markNames(outs: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(outs).map(([key, value]) => [key, names.includes(key) ? asSecret(value) : value]),
  );
}
