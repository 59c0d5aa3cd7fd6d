import { createHmac, randomBytes, scryptSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { UserError } from "../config/errors";
import { writePrivate } from "../system/privateFile";

/** A config entry that the engine adds to the committed ones, as the command line generates it. */
export type ConfigEntry = {
  /** True: wins over a committed entry of the same key, as an option on the command line does. @default false */
  readonly override?: boolean;
} & (
  | { readonly secret: true; readonly value: string }
  /** Plain data; a group or a list is written as such. */
  | { readonly secret: false; readonly value: unknown }
);

const projectSchema = z.looseObject({
  name: z.string(),
  main: z.string().optional(),
  plugins: z.looseObject({ providers: z.array(z.looseObject({ name: z.string() })).optional() }).optional(),
});

const stackSchema = z.looseObject({
  secretsprovider: z.string().optional(),
  encryptedkey: z.string().optional(),
  encryptionsalt: z.string().optional(),
  config: z.record(z.string(), z.unknown()).nullish(),
});

export type StackSettings = z.infer<typeof stackSchema>;

/** Which entries of the copy came from the engine, and a keyed digest of each value (never the value). */
const engineEntriesSchema = z.strictObject({ salt: z.string(), digests: z.record(z.string(), z.string()) });

/**
 * Stack settings of the working copy: what is committed, plus the entries that the engine put into the previous copy.
 * - A committed key wins (unless an entry overrides it), a changed one at once; a removed one disappears, for the copy is never a source for it.
 * - The salt of the previous copy stays as long as the committed file brings none; engine entries encrypted under another
 *   salt than the new one could not be read, and are left out (they are set anew).
 */
export function mergeStackSettings(
  committed: StackSettings,
  previous: StackSettings | undefined,
  engineKeys: readonly string[],
): StackSettings {
  const salt = committed.encryptionsalt ?? previous?.encryptionsalt;
  const kept = salt === previous?.encryptionsalt ? previous?.config : undefined;
  const engineConfig = Object.fromEntries(
    engineKeys.flatMap((key) => (kept?.[key] === undefined ? [] : [[key, kept[key]]])),
  );
  return {
    ...committed,
    ...(salt === undefined ? {} : { encryptionsalt: salt }),
    config: { ...engineConfig, ...committed.config },
  };
}

export interface WorkingCopyOptions {
  /** Holds the committed Pulumi.yaml and Pulumi.<stack>.yaml. They are only read. */
  readonly projectDir: string;
  readonly stackName: string;
  /** Where the copy lives. */
  readonly workspace: string;
  readonly backendUrl: string;
  /** Providers that Pulumi runs from these folders instead of looking for their plugins. */
  readonly providers: readonly { readonly name: string; readonly dir: string }[];
}

/** The files that Pulumi works with, so that what it writes (salt, encrypted values) never ends up in a commit. */
export class WorkingCopy {
  readonly project: string;
  private readonly stackFile: string;
  private readonly entriesFile: string;

  /** Writes the project settings. @throws UserError when the committed files are missing or are not what they should be */
  constructor(private readonly options: WorkingCopyOptions) {
    mkdirSync(options.workspace, { recursive: true, mode: 0o700 });
    this.stackFile = path.join(options.workspace, `Pulumi.${options.stackName}.yaml`);
    this.entriesFile = path.join(options.workspace, `engine-config.${options.stackName}.json`);
    const committed = readYaml(path.join(options.projectDir, "Pulumi.yaml"), projectSchema);
    this.project = committed.name;
    const given = committed.plugins?.providers ?? [];
    const added = options.providers
      .filter(({ name }) => !given.some((provider) => provider.name === name))
      .map(({ name, dir }) => ({ name, path: dir }));
    const settings = {
      ...committed,
      // An absolute folder: relative paths in commands mean what they mean under a plain `pulumi up`.
      main: path.resolve(options.projectDir, path.dirname(committed.main ?? "index.ts")),
      backend: { url: options.backendUrl },
      ...(given.length + added.length === 0
        ? {}
        : { plugins: { ...committed.plugins, providers: [...given, ...added] } }),
    };
    writeYaml(path.join(options.workspace, "Pulumi.yaml"), settings);
  }

  /**
   * Brings the stack settings up to date: committed entries, and `entries` in the clear as far as they are no secrets.
   * Returns the secret ones that are new or changed; Pulumi has to encrypt them, and `recordSecret` to note each.
   */
  sync(entries: Readonly<Record<string, ConfigEntry>>, passphrase: string): ReadonlyMap<string, string> {
    const file = path.join(this.options.projectDir, `Pulumi.${this.options.stackName}.yaml`);
    const committed = existsSync(file) ? readYaml(file, stackSchema) : {};
    const own = Object.entries(entries)
      .map(([key, entry]): [string, ConfigEntry] => [key.includes(":") ? key : `${this.project}:${key}`, entry])
      .filter(([key, entry]) => entry.override === true || committed.config?.[key] === undefined);
    const settings = mergeStackSettings(
      committed,
      this.stackSettings(),
      own.map(([key]) => key),
    );
    const config: Record<string, unknown> = settings.config ?? {};
    const recorded = this.readEntries();
    const secrets = new Map<string, string>();
    const digest = digester(passphrase, recorded.salt);
    for (const [key, entry] of own) {
      if (!entry.secret) config[key] = entry.value;
      else if (config[key] === undefined || recorded.digests[key] !== digest(entry.value))
        secrets.set(key, entry.value);
    }
    writeYaml(this.stackFile, { ...settings, config });
    return secrets;
  }

  /** Notes that a secret entry is in the copy, so that it is set again only when its value changes. */
  recordSecret(key: string, value: string, passphrase: string): void {
    const recorded = this.readEntries();
    const digests = { ...recorded.digests, [key]: digester(passphrase, recorded.salt)(value) };
    writePrivate(this.entriesFile, JSON.stringify({ salt: recorded.salt, digests }, undefined, 2));
  }

  stackSettings(): StackSettings | undefined {
    return existsSync(this.stackFile) ? readYaml(this.stackFile, stackSchema) : undefined;
  }

  removeStack(): void {
    for (const file of [this.stackFile, this.entriesFile]) rmSync(file, { force: true });
  }

  private readEntries(): z.infer<typeof engineEntriesSchema> {
    if (!existsSync(this.entriesFile)) {
      const fresh = { salt: randomBytes(16).toString("base64url"), digests: {} };
      writePrivate(this.entriesFile, JSON.stringify(fresh));
      return fresh;
    }
    return engineEntriesSchema.parse(JSON.parse(readFileSync(this.entriesFile, "utf8")));
  }
}

/** Digests that tell nothing without the passphrase: it goes through scrypt, and keys an HMAC. */
function digester(passphrase: string, salt: string): (value: string) => string {
  let key: Buffer | undefined;
  return (value) => {
    key ??= scryptSync(passphrase, salt, 32);
    return createHmac("sha256", key).update(value).digest("base64url");
  };
}

function readYaml<T>(file: string, schema: z.ZodType<T>): T {
  if (!existsSync(file)) throw new UserError(`${file} is missing. Fix: run from a checkout that has it.`);
  let raw: unknown;
  try {
    raw = parse(readFileSync(file, "utf8")) ?? {};
  } catch (error) {
    throw new UserError(`${file} is not valid YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = schema.safeParse(raw);
  if (!result.success) throw new UserError(`${file}:\n${z.prettifyError(result.error)}`);
  return result.data;
}

function writeYaml(file: string, value: unknown): void {
  writePrivate(file, stringify(value));
}
