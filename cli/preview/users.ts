/**
 * Users of the gateway before and after. They lie in a secret: a comment counts them and names nobody, and says nothing of
 * passwords but that there are others.
 */
import * as z from "zod";
import { userSchema } from "../../config/schema/gateway";
import { count } from "../../plan/explain/words";

/** One user, as far as it matters what may be done. */
export interface GatewayUser {
  readonly name: string;
  readonly passwordHash: string;
  readonly scopes: readonly string[];
  readonly models: readonly string[];
  readonly role?: string | undefined;
  readonly quota?: { readonly requestsPerMinute?: number | undefined; readonly tokensPerMinute?: number | undefined };
}

const listOf = z.array(userSchema);

/** Undefined where the secret is not there or cannot be read. */
export function usersOf(secrets: Readonly<Record<string, string>>): readonly GatewayUser[] | undefined {
  try {
    return listOf.safeParse(JSON.parse(secrets["users"] ?? "")).data?.map(({ quota, ...user }) => ({
      ...user,
      ...(quota === undefined ? {} : { quota }),
    }));
  } catch {
    return undefined;
  }
}

/** What changed, worst first; each is a part of a sentence. */
export interface UserChanges {
  /** Somebody may do more, or lost the way in. */
  readonly dangers: readonly string[];
  readonly notes: readonly string[];
}

const users = (n: number): string => count(n, "user");

const grew = (before: readonly string[], after: readonly string[]): boolean =>
  after.some((item) => !before.includes(item) && !before.includes("*"));

/** Absent is no bound of the user's own, which a role or the gateway may set. */
const limits = ({ quota }: GatewayUser): string => JSON.stringify([quota?.requestsPerMinute, quota?.tokensPerMinute]);

/** Counts by what happened. */
export function userChanges(before: readonly GatewayUser[], after: readonly GatewayUser[]): UserChanges {
  const was = new Map(before.map((user) => [user.name, user]));
  const added = after.filter(({ name }) => !was.has(name));
  const removed = before.filter(({ name }) => !after.some((user) => user.name === name));
  const kept = after.flatMap((next) => {
    const old = was.get(next.name);
    return old === undefined ? [] : [{ old, next }];
  });
  const of = (text: string, test: (pair: (typeof kept)[number]) => boolean): readonly string[] => {
    const n = kept.filter(test).length;
    return n === 0 ? [] : [`${users(n)} ${text}`];
  };
  const actors = added.filter(({ scopes }) => scopes.includes("act-as")).length;
  return {
    dangers: [
      ...(removed.length === 0 ? [] : [`${users(removed.length)} removed: their tokens are refused at once`]),
      ...(actors === 0 ? [] : [`${users(actors)} added who may ask in the name of others (act-as)`]),
      ...of("may do more than before (scopes)", ({ old, next }) => grew(old.scopes, next.scopes)),
      ...of("may use more models", ({ old, next }) => grew(old.models, next.models)),
      ...of("may use fewer models or scopes", ({ old, next }) =>
        [old.scopes, old.models].some((list, at) => grew([next.scopes, next.models][at] ?? [], list)),
      ),
      ...of("with another role", ({ old, next }) => old.role !== next.role),
      ...of("with another quota", ({ old, next }) => limits(old) !== limits(next)),
    ],
    notes: [
      ...(added.length === actors ? [] : [`${users(added.length - actors)} added`]),
      ...of("with another password", ({ old, next }) => old.passwordHash !== next.passwordHash),
    ],
  };
}
