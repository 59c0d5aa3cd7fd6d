/** Checks the shape of the secrets. Nothing here puts a secret value, or any part of one, into a fault. */
import { createPrivateKey } from "node:crypto";
import * as z from "zod";
import { describe, describeHidden } from "./describe";
import type { Fault } from "./errors";
import { toFaults } from "./faults";
import { userSchema, type PlatformKind, type SomeSecrets } from "./schema";
import { fixFor } from "./advice";
import { clusterSecretFaults } from "./clusterSecrets";

/** One user of the gateway. */
export type User = z.output<typeof userSchema>;

const usersSchema = z
  .array(userSchema, { error: 'a JSON list of users: [{"name", "passwordHash", "scopes": [], "models": []}]' })
  .min(1, { error: "at least one user" })
  .max(1000, { error: "at most 1000 users" });

/** How a secret is spoken of. */
type Say = (path: keyof SomeSecrets, value: string, needed: string) => Fault;

const saying =
  (kind: PlatformKind): Say =>
  (path, value, needed) => ({ path, found: describeHidden(value), needed, fix: fixFor(path, null, kind) });

/** A secret that anybody who has the stack file can read. */
export const inClear = (key: string): Fault => ({
  path: key,
  found: "a secret in plain text in the stack file",
  needed: "a value set with `--secret`",
  fix: `make a new one and set it with \`pulumi config set --secret tokenrack:${key}\`: the old one has been seen`,
});

function rayTokenFaults(token: string, fault: Say): Fault[] {
  // Ray takes any text; these bounds keep it unguessable and safe in an HTTP header.
  if (/^[\w.~+/=-]{32,512}$/.test(token)) return [];
  return [fault("rayToken", token, "32 to 512 letters, digits and . _ ~ + / = -")];
}

function signingKeyFaults(pem: string, fault: Say): Fault[] {
  const needed = "an Ed25519 private key (PKCS8 PEM, starts with -----BEGIN PRIVATE KEY-----)";
  if (!pem.trimStart().startsWith("-----BEGIN PRIVATE KEY-----")) return [fault("signingKey", pem, needed)];
  try {
    const { asymmetricKeyType } = createPrivateKey(pem);
    if (asymmetricKeyType === "ed25519") return [];
    return [{ ...fault("signingKey", pem, needed), found: `a private key of type ${asymmetricKeyType ?? "unknown"}` }];
  } catch {
    return [fault("signingKey", pem, needed)]; // OpenSSL's reason adds nothing and could quote the key.
  }
}

/** What a password field that is no scrypt hash looks like, without showing it. */
function describeHash(hash: unknown): string {
  if (typeof hash !== "string") return describeHidden(hash);
  if (/^[0-9a-f]{64}$/i.test(hash)) return "64 hexadecimal characters: a plain SHA-256, which is quick to guess";
  return hash.startsWith("$") ? "a hash of another form (not shown)" : "text that is not a hash (not shown)";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The parser's message quotes the text, which holds hashes.
  }
}

function duplicateNames(users: readonly User[]): Fault[] {
  return users.flatMap((user, index) => {
    const first = users.findIndex((other) => other.name === user.name);
    if (first === index) return [];
    return [
      {
        path: `users[${index}].name`,
        found: `the same name as users[${first}].name (not shown)`,
        needed: "each name once",
        fix: "rename or remove one of the two",
      },
    ];
  });
}

/** Names in `gateway` that users have to do with. */
export interface GatewayNames {
  readonly firstUser?: string | undefined;
  /** Names of `gateway.roles`; undefined where there are no roles, as on this machine. */
  readonly roles?: readonly string[] | undefined;
}

/** The user that proves the stack must be one of the users. */
function firstUserFaults(users: readonly User[], firstUser: string | undefined): Fault[] {
  if (firstUser === undefined || users.some((user) => user.name === firstUser)) return [];
  return [
    {
      path: "gateway.firstUser",
      found: `${describe(firstUser)}, and no such name in users`,
      needed: "the name of one of users",
      fix: "correct gateway.firstUser, or add that user to users",
    },
  ];
}

/** A role that nobody made gives its user the numbers of everybody. */
function roleFaults(users: readonly User[], roles: readonly string[] | undefined): Fault[] {
  if (roles === undefined) return [];
  return users.flatMap(({ role }, index) =>
    role === undefined || roles.includes(role)
      ? []
      : [
          {
            path: `users[${index}].role`,
            found: "a role that gateway.roles does not have (not shown)",
            needed: roles.length === 0 ? "no role: gateway.roles is empty" : `one of ${roles.join(", ")}`,
            fix: "correct it, or add the role to gateway.roles",
          },
        ],
  );
}

function usersFaults(text: string, { firstUser, roles }: GatewayNames, fault: Say): Fault[] {
  const raw = parseJson(text);
  if (raw === undefined) {
    return [{ ...fault("users", text, "users as JSON text"), found: "text that is not JSON (not shown)" }];
  }
  const result = usersSchema.safeParse(raw);
  if (result.success) {
    const users = result.data;
    return [...duplicateNames(users), ...firstUserFaults(users, firstUser), ...roleFaults(users, roles)];
  }
  return toFaults(result.error.issues, { schema: usersSchema, raw, prefix: ["users"] }).map((found) => {
    const index = /^users\[(\d+)\]\.passwordHash$/.exec(found.path)?.[1];
    if (index === undefined || !Array.isArray(raw)) return found;
    const user: unknown = raw[Number(index)];
    const hash: unknown = typeof user === "object" && user !== null ? Reflect.get(user, "passwordHash") : undefined;
    return { ...found, found: describeHash(hash) };
  });
}

function passwordFaults(password: string, fault: Say): Fault[] {
  if (/^[^\p{Cc}]{1,1024}$/u.test(password)) return [];
  return [fault("firstUserPassword", password, "1 to 1024 characters, none of them a control character")];
}

/**
 * Faults in the secrets that are there; a secret that is not there is no fault here.
 * @param gateway what users have to do with, where it is well formed
 * @param kind of platform, for the advice
 */
export function secretFaults(secrets: SomeSecrets, gateway: GatewayNames, kind: PlatformKind): Fault[] {
  const { rayToken, signingKey, users, firstUserPassword } = secrets;
  const say = saying(kind);
  return [
    ...(rayToken === undefined ? [] : rayTokenFaults(rayToken, say)),
    ...(signingKey === undefined ? [] : signingKeyFaults(signingKey, say)),
    ...(users === undefined ? [] : usersFaults(users, gateway, say)),
    ...(firstUserPassword === undefined ? [] : passwordFaults(firstUserPassword, say)),
    ...clusterSecretFaults(secrets, say),
  ];
}
