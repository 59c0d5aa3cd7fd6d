/** A property value as it travels between the engine and a provider. */
export type PropertyValue = null | boolean | number | string | PropertyValue[] | Properties;
export interface Properties {
  [name: string]: PropertyValue;
}

/** Marks special values on the wire. @see pulumi/sdk/go/common/resource/plugin/rpc.go and resource/sig.go */
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
/** Stands for a string that will be known only after an update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Gives a decoded message its type. @throws Error for what JSON does not have */
export function toPropertyValue(value: unknown): PropertyValue {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") {
    return value;
  }
  if (Array.isArray(value)) return value.map(toPropertyValue);
  if (typeof value === "object") return toProperties(value);
  throw new Error(`not a property value: ${typeof value}`);
}

export function toProperties(bag: object): Properties {
  return Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, toPropertyValue(value)]));
}

/** What a secret wraps; undefined for a value that is no secret. */
export function secretContent(value: PropertyValue): PropertyValue | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return value[SIGNATURE_KEY] === SECRET_SIGNATURE ? (value["value"] ?? null) : undefined;
}

/** Wraps a value as a secret, unless it is one. */
export function asSecret(value: PropertyValue): PropertyValue {
  return secretContent(value) === undefined ? { [SIGNATURE_KEY]: SECRET_SIGNATURE, value } : value;
}

/** True when a secret is in `value`, at any depth. */
export function hasSecret(value: PropertyValue): boolean {
  if (Array.isArray(value)) return value.some(hasSecret);
  if (value === null || typeof value !== "object") return false;
  return secretContent(value) !== undefined || Object.values(value).some(hasSecret);
}

/** `value` without any secret wrapping, at every depth. */
export function reveal(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(reveal);
  if (value === null || typeof value !== "object") return value;
  const content = secretContent(value);
  if (content !== undefined) return reveal(content);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
}

/** True when an unknown value is in `value`, at any depth. */
export function hasUnknown(value: PropertyValue): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (value === null || typeof value !== "object") return value === UNKNOWN;
  return Object.values(value).some(hasUnknown);
}
