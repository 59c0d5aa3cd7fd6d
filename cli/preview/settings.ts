/** A stack file with what encrypts its secrets: more than a plan needs, and no more than a preview does. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { UserError } from "../../config/errors";
import { namespace, secretKeys, type PlatformKind } from "../../config/schema";
import { Sealer } from "../../engine/sealing";
import { findPassphrase } from "../../engine/stateDir";
import { house, type House } from "../house";

const secured = z.strictObject({ secure: z.string() });
const stackFile = z.looseObject({
  encryptionsalt: z.string().optional(),
  secretsprovider: z.string().optional(),
  config: z.record(z.string(), z.unknown()).nullish(),
});
const projectFile = z.looseObject({
  name: z.string(),
  backend: z.looseObject({ url: z.string().optional() }).optional(),
});

/** Project settings that a preview needs. */
export function readProject(at: House = house): z.output<typeof projectFile> {
  return projectFile.parse(parse(readFileSync(join(at.checkout, "Pulumi.yaml"), "utf8")));
}

/** What a stack file has. */
export interface StackSettings {
  /** Our public keys, without the namespace. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Entries of other namespaces, as they are. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Secrets that could be read. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Secrets that are set and could not be read here. */
  readonly hidden: readonly string[];
  /** Encrypted text of every secret of ours that is set. */
  readonly sealed: Readonly<Record<string, string>>;
  /** Of the passphrase, where one is given and the file has a salt. */
  readonly sealer?: Sealer;
}

/** The environment with a passphrase: the user's own, else that of `npm start` for a stack on this machine; undefined without one. */
export function passphraseEnv(
  kind: PlatformKind,
  env: NodeJS.ProcessEnv = process.env,
  at: House = house,
): NodeJS.ProcessEnv | undefined {
  if (env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"]) return env;
  const file = join(at.state, "passphrase");
  return kind === "local" && existsSync(file) ? { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: file } : undefined;
}

async function sealerOf(salt: string, env: NodeJS.ProcessEnv, file: string, at: House): Promise<Sealer> {
  // The environment names one, so that none is looked for, or made, in a folder.
  const nowhere = { root: at.state, backend: "", backendUrl: "", workspace: "" };
  const passphrase = findPassphrase(nowhere, env);
  const sealer = await Sealer.open(salt, passphrase.read());
  if (sealer !== undefined) return sealer;
  throw new UserError(
    `the passphrase from ${passphrase.origin} does not open the secrets in ${file}\n` +
      `  fix: use the passphrase that the stack was made with, or none: placeholders stand for the secrets then`,
  );
}

/**
 * Reads a stack file that a plan was made of before.
 * @param env holds a passphrase; undefined where there is none
 * @throws UserError when the passphrase is not the one
 */
export function readSettings(
  stack: string,
  env: NodeJS.ProcessEnv | undefined,
  at: House = house,
): Promise<StackSettings> {
  const name = `Pulumi.${stack}.yaml`;
  return settingsIn(readFileSync(join(at.checkout, name), "utf8"), name, env, at);
}

/**
 * The settings in a stack file's text.
 * @param name of the file, for errors
 * @throws UserError when the passphrase is not the one
 */
export async function settingsIn(
  text: string,
  name: string,
  env: NodeJS.ProcessEnv | undefined,
  at: House = house,
): Promise<StackSettings> {
  const file = stackFile.parse(parse(text) ?? {});
  const prefix = `${namespace}:`;
  const entries = Object.entries(file.config ?? {});
  const own = entries.flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  );
  const keys = Object.fromEntries(own.filter(([key]) => !secretKeys.includes(key)));
  const others = Object.fromEntries(
    // What cannot be opened here cannot be handed on.
    entries.filter(([key, value]) => !key.startsWith(prefix) && !secured.safeParse(value).success),
  );
  const closed = own.filter(([key]) => secretKeys.includes(key));
  const { encryptionsalt: salt } = file;
  const sealer = salt === undefined || env === undefined ? undefined : await sealerOf(salt, env, name, at);
  const secrets: Record<string, string> = {};
  const sealed: Record<string, string> = {};
  for (const [key, value] of closed) {
    const secure = secured.safeParse(value).data?.secure;
    if (secure === undefined) continue;
    sealed[key] = secure;
    const opened = sealer?.unseal(secure);
    if (opened !== undefined) secrets[key] = opened;
  }
  const hidden = closed.map(([key]) => key).filter((key) => !(key in secrets));
  return { keys, others, secrets, hidden, sealed, ...(sealer === undefined ? {} : { sealer }) };
}
