import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as path from "node:path";
import { systemAuthorities } from "../system/certificates";
import { writePrivate } from "../system/privateFile";
import { EngineCommand } from "./engineCommand";
import { EngineStack } from "./engineStack";
import { findHelm } from "./kubernetesTools";
import type { BuildOptions } from "./goBuild";
import type { ResolvedPlugin } from "./plugins";
import type { Progress } from "./progress";
import type { PulumiCli } from "./pulumiCli";
import { pulumiEnv } from "./pulumiHome";
import { findPassphrase, openStateDir, type StateDir } from "./stateDir";
import { WorkingCopy, type ConfigEntry } from "./workingCopy";

export interface OpenStackOptions {
  readonly stackName: string;
  /** Holds the committed Pulumi.yaml and Pulumi.<stack>.yaml; nothing is ever written there. */
  readonly projectDir: string;
  /** State, working copy and passphrase (see stateDir.ts); made if missing. */
  readonly stateDir: string;
  readonly cacheDir: string;
  /** The Pulumi program. Its return value becomes the stack's outputs. */
  readonly program: PulumiFn;
  /** Entries beyond the committed ones; a committed entry of the same key wins, unless `override`. Keys without `:` get the project's name. */
  readonly config?: Readonly<Record<string, ConfigEntry>>;
  readonly cli: PulumiCli;
  /** From resolvePlugins. Pulumi is told where the stand-ins are. */
  readonly plugins: readonly ResolvedPlugin[];
  readonly progress?: Progress;
  /**
   * Certificates (PEM) that plugins trust besides this machine's: a provider without an argument for a CA is given them by
   * `SSL_CERT_FILE`, which official plugins, being Go programs, read. @default none
   */
  readonly caCerts?: readonly string[];
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Opens a stack on the real Pulumi engine, making it if it is new. Runs no part of the program.
 * @throws UserError for faults in the committed settings and a passphrase that does not open the settings
 */
export async function openStack(options: OpenStackOptions): Promise<EngineStack> {
  const env = options.env ?? process.env;
  const dir = openStateDir(options.stateDir);
  const passphrase = findPassphrase(dir, env);
  const standIns = options.plugins.filter((plugin) => plugin.kind === "stand-in");
  const copy = new WorkingCopy({
    projectDir: options.projectDir,
    stackName: options.stackName,
    workspace: dir.workspace,
    backendUrl: dir.backendUrl,
    providers: standIns,
  });
  const given = { ...pulumiEnv(options.cacheDir, env), ...passphrase.env };
  const envVars = {
    ...Object.fromEntries(Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    PULUMI_BACKEND_URL: dir.backendUrl,
    // One backup beside the state file is kept in any case; one more for each run would pile up.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    ...trusting(options.caCerts ?? [], dir, env),
    // Without a network, looking for the plugin that a stand-in replaces would only cost time.
    ...(standIns.length === 0 ? {} : { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
  const progress = options.progress ?? ((): void => undefined);
  const stack = new EngineStack({
    name: options.stackName,
    program: options.program,
    config: options.config ?? {},
    progress,
    provideTools: () => toolsOf(standIns, { cacheDir: options.cacheDir, env, progress }),
    command: new EngineCommand(options.cli),
    dir,
    passphrase,
    copy,
    envVars,
  });
  await stack.prepare();
  return stack;
}

/** Programs that stand-ins run where the official plugin brings its own: for `helm.v3.Release`, Helm. */
async function toolsOf(standIns: readonly ResolvedPlugin[], options: BuildOptions): Promise<void> {
  if (standIns.some(({ name }) => name === "kubernetes")) await findHelm(options);
}

/** The variable that lets plugins trust more; it stands in place of the machine's authorities, so they go into its file. */
function trusting(caCerts: readonly string[], dir: StateDir, env: NodeJS.ProcessEnv): Record<string, string> {
  if (caCerts.length === 0) return {};
  const file = path.join(dir.root, "authorities.pem");
  const all = [systemAuthorities(env) ?? "", ...caCerts].map((pem) => pem.trim()).filter((pem) => pem !== "");
  writePrivate(file, `${all.join("\n")}\n`);
  return { SSL_CERT_FILE: file };
}
