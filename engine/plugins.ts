import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { versions } from "../catalog/versions";
import { runChild } from "./child";
import { findOnPath, isExecutableFile, parseVersion, satisfies } from "./executables";
import { PULUMI_DOWNLOADS, unreachable } from "./network";
import { withHeartbeat, type Progress } from "./progress";
import type { PulumiCli } from "./pulumiCli";
import { pulumiEnv } from "./pulumiHome";
import { buildStandIn } from "./standinBuild";

export interface ProviderPlugin {
  readonly name: string;
  /** The version that its SDK in package.json has. */
  readonly version: string;
  /** Where its maker publishes it, as its SDK's package.json says. @default where Pulumi publishes its own */
  readonly server?: string;
}

const command: ProviderPlugin = { name: "command", version: versions.pluginCommand };
const kubernetes: ProviderPlugin = { name: "kubernetes", version: versions.pluginKubernetes };
const proxmoxve: ProviderPlugin = {
  name: "proxmoxve",
  version: versions.pluginProxmoxve,
  server: "github://api.github.com/muhlba91/pulumi-proxmoxve",
};

/** By kind of platform: every provider that its program uses. Each has a stand-in in `engine/standins/<name>/`. */
export const PROVIDER_PLUGINS = {
  local: [command],
  existing: [command, kubernetes],
  proxmox: [command, proxmoxve, kubernetes],
} as const satisfies Readonly<Record<string, readonly ProviderPlugin[]>>;

/** How a provider is run. */
export interface ResolvedPlugin extends ProviderPlugin {
  readonly kind: "official" | "stand-in";
  /** Folder that holds the executable `pulumi-resource-<name>`. */
  readonly dir: string;
}

export interface ResolvePluginsOptions {
  readonly cli: PulumiCli;
  readonly cacheDir: string;
  readonly progress?: Progress;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** One list of PROVIDER_PLUGINS, or a part of one. @default those of a stack on this machine */
  readonly plugins?: readonly ProviderPlugin[];
  /** Installs the official plugin, or returns why not. @default `pulumi plugin install`, at most 60 s */
  readonly install?: (plugin: ProviderPlugin) => Promise<string | undefined>;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

const INSTALL_TIMEOUT_MS = 60_000;
/** A failed install is not tried again for 24 h, so that a machine without internet starts fast. */
const RETRY_AFTER_MS = 24 * 3_600_000;

/**
 * Decides for each provider: the official plugin when Pulumi can find it (on PATH or installed), else the official one
 * newly installed, else our stand-in. Says in one line for each stand-in that it is one.
 */
export async function resolvePlugins(options: ResolvePluginsOptions): Promise<readonly ResolvedPlugin[]> {
  const resolved: ResolvedPlugin[] = [];
  for (const plugin of options.plugins ?? PROVIDER_PLUGINS.local) resolved.push(await resolve(plugin, options));
  return resolved;
}

async function resolve(plugin: ProviderPlugin, options: ResolvePluginsOptions): Promise<ResolvedPlugin> {
  const progress = options.progress ?? ((): void => undefined);
  const env = pulumiEnv(options.cacheDir, options.env);
  const found = findOfficial(plugin, env);
  if (found !== undefined) return { ...plugin, kind: "official", dir: found };

  const failures = new FailureMemory(path.join(options.cacheDir, "plugin-failures.json"), options.now ?? Date.now);
  let reason = failures.recall(plugin);
  if (reason === undefined) {
    const label = `downloading the ${plugin.name} plugin ${plugin.version}`;
    const install = options.install ?? ((wanted): Promise<string | undefined> => pluginInstall(wanted, options, env));
    reason = await withHeartbeat(progress, label, () => install(plugin));
    const dir = findOfficial(plugin, env);
    if (dir !== undefined) return { ...plugin, kind: "official", dir };
    failures.remember(plugin, reason ?? "installed, but not found afterwards");
  }
  progress(`provider ${plugin.name} ${plugin.version}: running our stand-in, not the official plugin (${reason})`);
  return { ...plugin, kind: "stand-in", dir: await buildStandIn(plugin.name, options.cacheDir) };
}

/**
 * The folder of the official plugin, by the rules of Pulumi's own search: an executable on PATH first, then an
 * installed version that is compatible (same major, not older). Looks at files because `pulumi plugin ls` costs 0.2 s.
 */
function findOfficial(plugin: ProviderPlugin, env: NodeJS.ProcessEnv): string | undefined {
  const executable = `pulumi-resource-${plugin.name}`;
  const ambient = findOnPath(executable, env["PATH"]);
  if (ambient !== undefined) return path.dirname(ambient);
  const wanted = parseVersion(plugin.version);
  const store = path.join(env["PULUMI_HOME"] ?? "", "plugins");
  const prefix = `resource-${plugin.name}-v`;
  const names = listDir(store);
  return names
    .filter((name) => name.startsWith(prefix) && !names.includes(`${name}.partial`))
    .filter((name) => {
      const version = parseVersion(name.slice(prefix.length));
      return version !== undefined && wanted !== undefined && satisfies(version, wanted);
    })
    .map((name) => path.join(store, name))
    .find((dir) => isExecutableFile(path.join(dir, executable)));
}

async function pluginInstall(
  plugin: ProviderPlugin,
  options: ResolvePluginsOptions,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { name, version, server } = plugin;
  const closed = await unreachable(server === undefined ? PULUMI_DOWNLOADS : `https://${new URL(server).host}/`);
  if (closed !== undefined) return closed;
  const from = server === undefined ? [] : ["--server", server];
  const args = ["plugin", "install", "resource", name, version, ...from, "--non-interactive"];
  const result = await runChild(options.cli.command, args, { env, timeoutMs: INSTALL_TIMEOUT_MS });
  if (result.code === 0) return undefined;
  if (result.timedOut) return `its download did not finish in ${INSTALL_TIMEOUT_MS / 1000} s`;
  return `its download failed: ${result.stderr.trim().split("\n").at(-1) ?? ""}`;
}

const failureFile = z.record(z.string(), z.strictObject({ at: z.number(), reason: z.string() }));

/** Failed installs by name and version, kept for 24 h in one JSON file. An unreadable file counts as empty. */
class FailureMemory {
  constructor(
    private readonly file: string,
    private readonly now: () => number,
  ) {}

  recall(plugin: ProviderPlugin): string | undefined {
    const entry = this.read()[keyOf(plugin)];
    return entry !== undefined && this.now() - entry.at < RETRY_AFTER_MS ? entry.reason : undefined;
  }

  remember(plugin: ProviderPlugin, reason: string): void {
    mkdirSync(path.dirname(this.file), { recursive: true });
    const entries = { ...this.read(), [keyOf(plugin)]: { at: this.now(), reason } };
    writeFileSync(this.file, JSON.stringify(entries, undefined, 2));
  }

  private read(): z.infer<typeof failureFile> {
    try {
      return failureFile.parse(JSON.parse(readFileSync(this.file, "utf8")));
    } catch {
      return {};
    }
  }
}

function keyOf(plugin: ProviderPlugin): string {
  return `${plugin.name}@${plugin.version}`;
}

function listDir(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
