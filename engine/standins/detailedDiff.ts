import { isDeepStrictEqual } from "node:util";
import { secretContent, type Properties, type PropertyValue } from "./values";

export type DiffKind = "add" | "update" | "delete";

/**
 * Differences between two property bags by property path (`environment.A`, `triggers[0]`, `environment["a b"]`).
 * A value that only gained or lost its secret wrapping differs; so the official plugins see it.
 */
export function detailedDiff(olds: Properties, news: Properties): Map<string, DiffKind> {
  const found = new Map<string, DiffKind>();
  compareObjects("", olds, news, found);
  return found;
}

function compareObjects(prefix: string, olds: Properties, news: Properties, found: Map<string, DiffKind>): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    compareValues(memberPath(prefix, key), olds[key], news[key], found);
  }
}

function compareValues(
  path: string,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  found: Map<string, DiffKind>,
): void {
  const old = before ?? null;
  const now = after ?? null;
  if (isDeepStrictEqual(old, now)) return;
  const oldSecret = secretContent(old);
  const newSecret = secretContent(now);
  if (old === null) {
    found.set(path, "add");
  } else if (now === null) {
    found.set(path, "delete");
  } else if (oldSecret !== undefined && newSecret !== undefined) {
    compareValues(path, oldSecret, newSecret, found);
  } else if (oldSecret !== undefined || newSecret !== undefined) {
    found.set(path, "update");
  } else if (Array.isArray(old) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(old.length, now.length); index++) {
      compareValues(`${path}[${index}]`, old[index], now[index], found);
    }
  } else if (isObject(old) && isObject(now)) {
    compareObjects(path, old, now, found);
  } else {
    found.set(path, "update");
  }
}

function isObject(value: PropertyValue): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Property path syntax of Pulumi: `.name` for plain names, `["..."]` for all others. */
function memberPath(prefix: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${prefix}[${JSON.stringify(key)}]`;
  return prefix === "" ? key : `${prefix}.${key}`;
}
