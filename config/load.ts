/** The only reader of Pulumi's configuration. */
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ProfileError } from "./errors";
import { parseStack } from "./parse";
import { namespace, secretKeys, type Profile } from "./schema";

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

/**
 * Reads and validates the stack's configuration.
 * @throws ProfileError with every fault, before any resource is made. No fault shows a secret.
 */
export function loadStack(): { profile: Profile; secrets: Secrets } {
  const prefix = `${namespace}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), decode(key.slice(prefix.length), value)]),
  );
  // The secret keys hide themselves, and say more.
  const hidden = Object.keys(raw).filter((key) => !secretKeys.includes(key) && isSecret(key) === true);
  const { profile } = parseStack(raw, { stack: pulumi.getStack(), hidden });
  const inClear = secretKeys.filter((key) => isSecret(key) === false);
  if (inClear.length > 0) {
    throw new ProfileError(
      inClear.map((key) => ({
        path: key,
        found: "a secret in plain text in the stack file",
        needed: "a value set with `--secret`",
        fix: `make a new one and set it with \`pulumi config set --secret ${prefix}${key}\`: the old one has been seen`,
      })),
    );
  }
  const { run, cache, gatewayBundle } = profile.paths;
  const config = new pulumi.Config(namespace);
  return {
    profile: { ...profile, paths: { run: resolve(run), cache: resolve(cache), gatewayBundle: resolve(gatewayBundle) } },
    secrets: {
      rayToken: config.requireSecret("rayToken"),
      signingKey: config.requireSecret("signingKey"),
      users: config.requireSecret("users"),
      firstUserPassword: config.requireSecret("firstUserPassword"),
    },
  };
}
