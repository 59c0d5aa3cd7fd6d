/** Turns zod's issues into faults that say what was found, what was expected and what to do. */
import { distance } from "fastest-levenshtein";
import type * as z from "zod";
import { describe, describeHidden, formatPath } from "./describe";
import type { Fault } from "./errors";
import {
  gatewaySchema,
  laterPlatforms,
  localPlatformSchema,
  modelSchema,
  pathsSchema,
  portsSchema,
  secretKeys,
  stackKeys,
  userSchema,
} from "./schema";

type Issue = z.core.$ZodIssue;

/** Known keys of each group, by its path without list indexes; taken from the schema, so that they cannot drift. */
const knownKeys: Readonly<Record<string, readonly string[]>> = {
  "(stack)": stackKeys,
  platform: Object.keys(localPlatformSchema.shape),
  "models[]": Object.keys(modelSchema.shape),
  gateway: Object.keys(gatewaySchema.shape),
  ports: Object.keys(portsSchema.shape),
  paths: Object.keys(pathsSchema.shape),
  "users[]": Object.keys(userSchema.shape),
};

/** Better advice than "set it or remove it", by path without list indexes. */
const fixes: Readonly<Record<string, string>> = {
  "(stack)": 'write `platform: { kind: local }` and `models: [{ source: "builtin:tiny-llama" }]`',
  platform: "write `platform: { kind: local }`",
  "platform.kind": "write `kind: local`",
  models: 'write one entry, such as `- source: "builtin:tiny-llama"`',
  "models[]": "write it as `- source: ...`",
  "models[].source": "write one of these three forms",
  rayToken:
    "run `npm start`, which makes one, or `openssl rand -hex 32 | pulumi config set --secret tokenrack:rayToken`",
  signingKey:
    "run `npm start`, which makes one, or `openssl genpkey -algorithm ed25519 | pulumi config set --secret tokenrack:signingKey`",
  users: "run `npm start`, which makes one user, or `pulumi config set --secret tokenrack:users < users.json`",
  firstUserPassword:
    "run `npm start`, which makes one, or `pulumi config set --secret tokenrack:firstUserPassword` with that user's password",
  "users[].passwordHash": "run `npm run hash-password` and use the line it prints",
};

const withoutIndexes = (path: string): string => path.replace(/\[\d+\]/g, "[]");

/** The advice for a path. */
export function fixFor(path: string, value: unknown): string {
  const known = fixes[withoutIndexes(path)];
  if (known !== undefined) return known;
  if (value === undefined) return `add \`${path}\``;
  if (path.startsWith("users[")) return "correct it";
  return path.endsWith("]") ? "correct it, or remove it from the list" : "correct it, or remove it to get the default";
}

/** The value at a path; undefined where the path leaves the data. */
function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? (Reflect.get(value, part) as unknown) : undefined),
    root,
  );
}

/** The nearest known key, if one is near enough to be what was meant: at most a third of the letters differ, or two (swapped ones count twice). */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

function unknownKey(parent: readonly PropertyKey[], key: string, hidden: boolean): Fault {
  const known = knownKeys[withoutIndexes(formatPath(parent))] ?? [];
  const near = hidden ? undefined : nearestKey(key, known);
  return {
    path: hidden ? formatPath(parent) : formatPath([...parent, key]),
    found: hidden ? "an unknown key (not shown)" : "an unknown key",
    needed: `one of ${known.join(", ")}`,
    fix: near === undefined ? "remove it" : `did you mean \`${near}\`? Rename it, or remove it`,
  };
}

function platformFault(issue: Issue, found: unknown): Fault {
  const later = typeof found === "string" && laterPlatforms.includes(found);
  return {
    path: "platform.kind",
    found: describe(found),
    needed: "local (this version brings up `local` only)",
    fix: later ? `write \`kind: local\`; \`${found}\` comes in a later version` : fixFor("platform.kind", found),
  };
}

/**
 * One fault per issue (one per key for unknown keys).
 * @param prefix where `raw` stands in the stack: `["users"]` for what is inside `users`.
 * @param hidden top-level keys whose values must not be shown, besides the secret keys.
 */
export function toFaults(
  issues: readonly Issue[],
  raw: unknown,
  prefix: readonly PropertyKey[] = [],
  hidden: readonly string[] = [],
): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    const top = String(path[0] ?? "");
    const secret = secretKeys.includes(top) || hidden.includes(top);
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, secret));
    const value = valueAt(raw, issue.path);
    if (issue.code === "invalid_union" && path.length > 0 && path.at(-1) === "kind" && !secret) {
      return [platformFault(issue, value)];
    }
    const text = formatPath(path);
    return [
      {
        path: text,
        found: secret ? describeHidden(value) : describe(value),
        needed: issue.message,
        fix: fixFor(text, value),
      },
    ];
  });
}
