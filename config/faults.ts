/** Turns zod's issues into faults that say what was found, what was expected and what to do. */
import type * as z from "zod";
import { fixFor, whyNotOffered } from "./advice";
import { describe, describeHidden, formatPath } from "./describe";
import type { Fault } from "./errors";
import { isOptionalAt, keysAt, nearestKey } from "./keys";
import { keysOf, platformKinds, secretKeys, type PlatformKind } from "./schema";

type Issue = z.core.$ZodIssue;

/** What was read, and how. */
export interface Reading {
  /** What it was held against: tells the known keys. */
  readonly schema: z.core.$ZodType;
  readonly raw: unknown;
  /** Kind of platform, for the advice. @default "local" */
  readonly kind?: PlatformKind;
  /** Where `raw` stands in the stack: `["users"]` for what is inside `users`. @default the root */
  readonly prefix?: readonly PropertyKey[];
  /** Top-level keys whose values must not be shown, besides the secret keys. @default none */
  readonly hidden?: readonly string[];
}

/** The value at a path; undefined where the path leaves the data. */
function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? (Reflect.get(value, part) as unknown) : undefined),
    root,
  );
}

/** A top-level key that only other kinds of platform take. */
function elsewhere(parent: readonly PropertyKey[], key: string): string | undefined {
  const kinds = parent.length === 0 ? platformKinds.filter((kind) => keysOf(kind).includes(key)) : [];
  return kinds.length === 0 ? undefined : `remove it: only a platform of kind ${kinds.join(" or ")} takes it`;
}

function unknownKey(reading: Reading, issue: Issue, key: string, hidden: boolean): Fault {
  const known = keysAt(reading.schema, issue.path);
  const parent = [...(reading.prefix ?? []), ...issue.path];
  const path = formatPath([...parent, key]);
  const near = hidden ? undefined : nearestKey(key, known);
  const advice = near === undefined ? "remove it" : `did you mean \`${near}\`? Rename it, or remove it`;
  return {
    path: hidden ? formatPath(parent) : path,
    found: hidden ? "an unknown key (not shown)" : "an unknown key",
    needed: `one of ${known.join(", ")}`,
    fix: (hidden ? undefined : (whyNotOffered(path, reading.kind ?? "local") ?? elsewhere(parent, key))) ?? advice,
  };
}

function kindFault(found: unknown): Fault {
  const near = typeof found === "string" ? nearestKey(found, platformKinds) : undefined;
  return {
    path: "platform.kind",
    found: describe(found),
    needed: "local, proxmox or existing",
    fix: near === undefined ? fixFor("platform.kind", found) : `did you mean \`${near}\`? Write \`kind: ${near}\``,
  };
}

/** Stands for a value that advice must not quote; still tells whether there is one. */
const hiddenOf = (value: unknown): unknown => (value === undefined ? undefined : null);

/** One fault per issue (one per key for unknown keys). */
export function toFaults(issues: readonly Issue[], reading: Reading): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...(reading.prefix ?? []), ...issue.path];
    const top = String(path[0] ?? "");
    const secret = secretKeys.includes(top) || reading.hidden?.includes(top) === true;
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(reading, issue, key, secret));
    const value = valueAt(reading.raw, issue.path);
    if (issue.code === "invalid_union" && path.length > 0 && path.at(-1) === "kind" && !secret) {
      return [kindFault(value)];
    }
    const text = formatPath(path);
    return [
      {
        path: text,
        found: secret ? describeHidden(value) : describe(value),
        needed: issue.message,
        fix: fixFor(text, secret ? hiddenOf(value) : value, reading.kind, isOptionalAt(reading.schema, issue.path)),
      },
    ];
  });
}
