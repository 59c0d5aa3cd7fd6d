/** A stack's keys with placeholders for what is missing: what a plan does without, an engine's preview does not. */
import { ProfileError, type Fault } from "../../config/errors";
import { kindOf, parseStack } from "../../config/parse";
import { isLocal, isProxmox, requiredSecrets, secretKeys, type Profile } from "../../config/schema";
import { keyPlaceholder, secretPlaceholder, type About } from "./placeholders";

/** All that the program reads. */
export interface Completed {
  /** Public keys, without the namespace. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Secrets in the clear, real ones and placeholders. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly secretPlaceholders: readonly string[];
  readonly keyPlaceholders: readonly string[];
}

function aboutOf(profile: Profile): About {
  const { firstUser } = profile.gateway;
  if (isLocal(profile) || !isProxmox(profile)) return { firstUser, cephConnections: [], clusterUsers: [] };
  const { ceph, users } = profile.cluster;
  const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);
  return { firstUser, cephConnections: names(ceph.connections), clusterUsers: names(users) };
}

const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Sets a value at a path like `hosts[0].ssh.hostKey`; groups on the way that are not there are made. */
function set(root: object, path: string, value: unknown): void {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() ?? "";
  let group = root;
  for (const key of keys) {
    const inner: unknown = Reflect.get(group, key);
    const next: object = isGroup(inner) ? inner : {};
    Reflect.set(group, key, next);
    group = next;
  }
  Reflect.set(group, last, value);
}

function faultsOf(all: Readonly<Record<string, unknown>>, stack: string): readonly Fault[] {
  try {
    parseStack(all, { stack });
    return [];
  } catch (error) {
    if (error instanceof ProfileError) return error.faults;
    throw error;
  }
}

const caKey = "internalCaKey";

/** Nine hosts' keys in one: "hosts[0..8].ssh.hostKey". */
function folded(paths: readonly string[]): readonly string[] {
  const hosts = paths.filter((path) => /^hosts\[\d+\]\.ssh\.hostKey$/.test(path));
  const others = paths.filter((path) => !hosts.includes(path));
  return hosts.length < 2 ? paths : [...others, `hosts[*].ssh.hostKey (${hosts.length})`];
}

/**
 * Fills in what a bring-up needs.
 * @param keys public keys as the stack file has them
 * @param secrets secrets that could be read
 * @param hidden secrets that are set and could not be read
 * @throws ProfileError with every other fault
 */
export function complete(
  stack: string,
  profile: Profile,
  keys: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>>,
  hidden: readonly string[],
): Completed {
  const about = aboutOf(profile);
  const filled = structuredClone({ ...keys });
  const wanted = [...new Set([...requiredSecrets(kindOf(keys).kind), ...hidden])].filter(
    (key) => !(key in secrets) && key !== caKey,
  );
  const stood = new Map(wanted.map((key) => [key, secretPlaceholder(key, about)]));
  const keyPlaceholders: string[] = [];
  const all = (): Readonly<Record<string, unknown>> => ({ ...filled, ...Object.fromEntries(stood), ...secrets });
  const left = faultsOf(all(), stack).filter(({ path }) => {
    if (path === caKey && !(caKey in secrets)) {
      // No other key belongs to that certificate.
      set(filled, "cluster.internalCa", undefined);
      keyPlaceholders.push("cluster.internalCa (left out: its key is not there)");
      return false;
    }
    const secret = secretKeys.includes(path) && !(path in secrets) ? secretPlaceholder(path, about) : undefined;
    const value = secret ?? keyPlaceholder(path);
    if (value === undefined) return true;
    if (secret !== undefined) stood.set(path, secret);
    else {
      set(filled, path, value);
      keyPlaceholders.push(path);
    }
    return false;
  });
  if (left.length > 0) throw new ProfileError(left);
  const known = [...stood].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return {
    keys: filled,
    secrets: { ...Object.fromEntries(known), ...secrets },
    secretPlaceholders: known.map(([key]) => key),
    keyPlaceholders: folded(keyPlaceholders),
  };
}
