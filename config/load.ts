/** The only reader of Pulumi's configuration. */
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ProfileError } from "./errors";
import { kindOf, parseStack } from "./parse";
import {
  isLocal,
  isProxmox,
  keysOf,
  namespace,
  secretKeys,
  stackKeys,
  type ExistingProfile,
  type LocalProfile,
  requiredSecrets,
  type Paths,
  type Profile,
  type ProxmoxProfile,
} from "./schema";
import { inClear } from "./secrets";

/** The stack's secrets: secret Outputs from here to the resource that needs them. */
export interface Secrets {
  /** Ray's auth token. */
  readonly rayToken: pulumi.Output<string>;
  /** Ed25519 private key, PKCS8 PEM. */
  readonly signingKey: pulumi.Output<string>;
  /** Users as JSON text. */
  readonly users: pulumi.Output<string>;
  /** Password of `gateway.firstUser`. */
  readonly firstUserPassword: pulumi.Output<string>;
}

/** Secrets of a cluster. */
export interface ClusterSecrets extends Secrets {
  /** The key before, whose tokens still hold. */
  readonly previousSigningKey?: pulumi.Output<string>;
  /** Logins of registries, where there are any: the text of a `config.json` of docker's. */
  readonly registryLogins?: pulumi.Output<string>;
  /** Token of Hugging Face, where there is one. */
  readonly hfToken?: pulumi.Output<string>;
  readonly modelScopeToken?: pulumi.Output<string>;
  readonly s3AccessKeyId?: pulumi.Output<string>;
  readonly s3SecretAccessKey?: pulumi.Output<string>;
  /** What a chat page keeps, where there is one. */
  readonly chatSessionKey?: pulumi.Output<string>;
  readonly chatAdminPassword?: pulumi.Output<string>;
  readonly chatOidcClientSecret?: pulumi.Output<string>;
  readonly chatDatabaseUrl?: pulumi.Output<string>;
  readonly chatAccessCode?: pulumi.Output<string>;
}

/** Secrets of a stack on Proxmox. */
export interface ProxmoxSecrets extends ClusterSecrets {
  /** Token of Proxmox's API. */
  readonly proxmoxApiToken: pulumi.Output<string>;
  /** Private key that opens every host. */
  readonly hostSshKey: pulumi.Output<string>;
  /** Passphrase of that key, where it has one. */
  readonly hostSshKeyPassphrase?: pulumi.Output<string>;
  /** Private key that opens the VMs. */
  readonly nodeSshKey: pulumi.Output<string>;
  /** Deckhouse's licence key, where there is one. */
  readonly deckhouseLicenseKey?: pulumi.Output<string>;
  /** bcrypt hashes of the passwords of the cluster's users by name, JSON text, where there are users. */
  readonly clusterPasswordHashes?: pulumi.Output<string>;
  /** Private key of the cluster's own CA, where the stack names its certificate. */
  readonly internalCaKey?: pulumi.Output<string>;
  /** Keys of Ceph's users by connection, JSON; where there are some. */
  readonly cephKeys?: pulumi.Output<string>;
}

/** Secrets of a stack on an existing cluster. */
export interface ExistingSecrets extends ClusterSecrets {
  readonly kubeconfig: pulumi.Output<string>;
}

/** A stack as it was read, one member a kind of platform. */
export type LoadedStack =
  | { readonly kind: "local"; readonly profile: LocalProfile; readonly secrets: Secrets }
  | { readonly kind: "proxmox"; readonly profile: ProxmoxProfile; readonly secrets: ProxmoxSecrets }
  | { readonly kind: "existing"; readonly profile: ExistingProfile; readonly secrets: ExistingSecrets };

/** A secret is a text as it stands; every other value arrives as JSON. */
function decode(key: string, value: string): unknown {
  if (secretKeys.includes(key)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // A text where a group belongs: the schema says so.
  }
}

/** Whether a key was set with `--secret`; undefined when this SDK does not tell. */
function isSecret(key: string): boolean | undefined {
  // Exported by the SDK but not in its typings.
  const ask: unknown = Reflect.get(pulumi.runtime, "isConfigSecret");
  return typeof ask === "function" ? Reflect.apply(ask, undefined, [`${namespace}:${key}`]) === true : undefined;
}

const isEmpty = (value: unknown): boolean =>
  value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** Secrets that not every stack needs: Pulumi.yaml gives them an empty default, or Pulumi would ask for them everywhere. */
const someSecrets = secretKeys.filter((key) => !requiredSecrets("local").includes(key));

/** Without Pulumi.yaml's empty defaults, which stand for "not set", for what this kind of platform or stack does without. */
function withoutDefaults(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const keys = keysOf(kindOf(raw).kind);
  const dropped = (key: string, value: unknown): boolean =>
    stackKeys.includes(key) &&
    (!keys.includes(key) || someSecrets.includes(key) || (value === "" && !secretKeys.includes(key)));
  return Object.fromEntries(Object.entries(raw).filter(([key, value]) => !isEmpty(value) || !dropped(key, value)));
}

/** The stack's keys as plain data. */
function rawStack(): Record<string, unknown> {
  const prefix = `${namespace}:`;
  return withoutDefaults(
    Object.fromEntries(
      Object.entries(pulumi.runtime.allConfig())
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), decode(key.slice(prefix.length), value)]),
    ),
  );
}

const resolved = ({ run, cache, gatewayBundle }: Paths): Paths => ({
  run: resolve(run),
  cache: resolve(cache),
  gatewayBundle: resolve(gatewayBundle),
});

/** With the installer's state where it is, whatever directory a later run starts in. */
function withState(profile: ProxmoxProfile): ProxmoxProfile {
  const { bootstrap } = profile.cluster;
  const stateDirectory = resolve(bootstrap.stateDirectory);
  return { ...profile, cluster: { ...profile.cluster, bootstrap: { ...bootstrap, stateDirectory } } };
}

/** Wraps the secrets of a stack whose Profile was read. */
function load(profile: Profile, raw: Readonly<Record<string, unknown>>): LoadedStack {
  const config = new pulumi.Config(namespace);
  const secret = (key: string): pulumi.Output<string> => config.requireSecret(key);
  const some = <Key extends string>(key: Key): { readonly [K in Key]?: pulumi.Output<string> } =>
    raw[key] === undefined ? {} : ({ [key]: secret(key) } as { readonly [K in Key]: pulumi.Output<string> });
  const common: Secrets = {
    rayToken: secret("rayToken"),
    signingKey: secret("signingKey"),
    users: secret("users"),
    firstUserPassword: secret("firstUserPassword"),
  };
  if (isLocal(profile)) {
    return { kind: "local", profile: { ...profile, paths: resolved(profile.paths) }, secrets: common };
  }
  const hubs = {
    ...some("previousSigningKey"),
    ...some("registryLogins"),
    ...some("hfToken"),
    ...some("modelScopeToken"),
    ...some("s3AccessKeyId"),
    ...some("s3SecretAccessKey"),
    ...some("chatSessionKey"),
    ...some("chatAdminPassword"),
    ...some("chatOidcClientSecret"),
    ...some("chatDatabaseUrl"),
    ...some("chatAccessCode"),
  };
  if (!isProxmox(profile)) {
    return {
      kind: "existing",
      profile,
      secrets: { ...common, kubeconfig: secret("kubeconfig"), ...hubs },
    };
  }
  const secrets: ProxmoxSecrets = {
    ...common,
    proxmoxApiToken: secret("proxmoxApiToken"),
    hostSshKey: secret("hostSshKey"),
    nodeSshKey: secret("nodeSshKey"),
    ...some("hostSshKeyPassphrase"),
    ...some("deckhouseLicenseKey"),
    ...some("clusterPasswordHashes"),
    ...some("internalCaKey"),
    ...some("cephKeys"),
    ...hubs,
  };
  return { kind: "proxmox", profile: withState(profile), secrets };
}

/**
 * Reads and validates the stack's configuration.
 * @throws ProfileError with every fault, before any resource is made. No fault shows a secret.
 */
export function loadStack(): LoadedStack {
  const raw = rawStack();
  // The secret keys hide themselves, and say more.
  const hidden = Object.keys(raw).filter((key) => !secretKeys.includes(key) && isSecret(key) === true);
  const { profile } = parseStack(raw, { stack: pulumi.getStack(), hidden });
  const open = secretKeys.filter((key) => raw[key] !== undefined && isSecret(key) === false);
  if (open.length > 0) throw new ProfileError(open.map(inClear));
  return load(profile, raw);
}
