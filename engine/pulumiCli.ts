import * as path from "node:path";
import { versions } from "../catalog/versions";
import { runChild } from "./child";
import { UserError } from "../config/errors";
import { findOnPath, parseVersion, satisfies } from "./executables";
import { buildWithGo, type GoTool } from "./goBuild";
import { PULUMI_DOWNLOADS, unreachable } from "./network";
import { withHeartbeat, type Progress } from "./progress";
import { pulumiEnv } from "./pulumiHome";
import { cachedCommand, failureOf, intoCache, isCached, versionOf } from "./toolCache";

/** The CLI that we install or build. */
export const PULUMI_VERSION: string = versions.pulumiCli;

/** The oldest CLI on PATH that is used: inline `destroy` needs 3.181, and nothing below 3.200 was tried. */
const OLDEST = { major: 3, minor: 200, patch: 0 };

/** Bound, in ms, of the vendor's download. */
const INSTALL_TIMEOUT_MS = 120_000;

const REPOSITORY = path.resolve(__dirname, "..");

const CLI: GoTool = {
  name: "pulumi",
  version: PULUMI_VERSION,
  versionArgs: ["version"],
  label: "the Pulumi CLI",
  module: "pulumi-cli",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI_VERSION}` },
  takes: "3 minutes",
};

export interface PulumiCli {
  /** Absolute path of the executable. */
  readonly command: string;
  /** Three numbers, no `v`. */
  readonly version: string;
  readonly source: "path" | "cache" | "install" | "build";
}

export interface FindCliOptions {
  /** Installed and built CLIs are kept in `<cacheDir>/pulumi/<version>/bin/pulumi`. */
  readonly cacheDir: string;
  readonly progress?: Progress;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Puts a CLI at `<root>/bin/pulumi` or returns why it could not. @default PulumiCommand.install, at most 120 s */
  readonly install?: (root: string) => Promise<string | undefined>;
}

/** A step's result: the CLI, or why there is none; `usual` when that is nothing to tell as long as a later step works. */
type Attempt = PulumiCli | { readonly reason: string; readonly usual?: true };

/**
 * Finds the Pulumi CLI: on PATH (3.200.0 or newer) -> in the cache -> installed by Pulumi's Automation API -> built by
 * Go from the committed wrapper module. The last two end up in the cache, whole or not at all.
 * @throws UserError listing each step with the reason why it did not work, and the fix.
 */
export async function findPulumiCli(options: FindCliOptions): Promise<PulumiCli> {
  const env = pulumiEnv(options.cacheDir, options.env);
  const progress = options.progress ?? ((): void => undefined);
  const steps: readonly [string, () => Promise<Attempt>][] = [
    ["PATH", () => onPath(env)],
    ["cache", () => Promise.resolve(inCache(options.cacheDir))],
    ["download", () => installed(options, env, progress)],
    ["build", () => built(options, env, progress)],
  ];
  const failures: string[] = [];
  for (const [name, step] of steps) {
    const attempt = await step();
    if ("command" in attempt) {
      if (attempt.source !== "cache") progress(`Pulumi CLI ${attempt.version}: ${attempt.command}`);
      return attempt;
    }
    failures.push(`  ${name}: ${attempt.reason}`);
    if (attempt.usual !== true) progress(`Pulumi CLI, ${name}: ${attempt.reason}`);
  }
  throw new UserError(
    `No usable Pulumi CLI. Tried:\n${failures.join("\n")}\n` +
      `Fix: install Pulumi 3.200.0 or newer (https://www.pulumi.com/docs/install/) so that \`pulumi\` is on PATH, ` +
      `or install Go 1.25 or newer (https://go.dev/doc/install) and run again.`,
  );
}

async function onPath(env: NodeJS.ProcessEnv): Promise<Attempt> {
  const command = findOnPath("pulumi", env["PATH"]);
  if (command === undefined) return { reason: "no `pulumi` on PATH", usual: true };
  const version = await versionOf(command, CLI.versionArgs, env);
  if (version === undefined) return { reason: `${command} does not answer \`pulumi version\` with a version` };
  const parsed = parseVersion(version);
  if (parsed === undefined || !satisfies(parsed, OLDEST)) {
    return { reason: `${command} is version ${version}; 3.200.0 or newer 3.x is needed` };
  }
  return { command, version, source: "path" };
}

function inCache(cacheDir: string): Attempt {
  const command = cachedCommand(CLI, cacheDir);
  if (isCached(CLI, cacheDir)) return { command, version: PULUMI_VERSION, source: "cache" };
  return { reason: `${command} is not there yet`, usual: true };
}

async function installed(options: FindCliOptions, env: NodeJS.ProcessEnv, progress: Progress): Promise<Attempt> {
  const install = options.install ?? ((root): Promise<string | undefined> => installByAutomationApi(root, env));
  const label = `downloading the Pulumi CLI ${PULUMI_VERSION}`;
  const fill = (root: string): Promise<string | undefined> => withHeartbeat(progress, label, () => install(root));
  return attempt(await intoCache(CLI, options.cacheDir, env, fill), "install", options.cacheDir);
}

/** Runs in a child, because `PulumiCommand.install` cannot be cancelled and the child can be killed. */
async function installByAutomationApi(root: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const closed = await unreachable(PULUMI_DOWNLOADS);
  if (closed !== undefined) return closed;
  const code = [
    `const { PulumiCommand } = require("@pulumi/pulumi/automation");`,
    `const { SemVer } = require("semver");`,
    `const [root, version] = process.argv.slice(1);`,
    `PulumiCommand.install({ root, version: new SemVer(version) })`,
    `  .catch((error) => { console.error(error.message); process.exit(1); });`,
  ].join("\n");
  const result = await runChild(process.execPath, ["-e", code, root, PULUMI_VERSION], {
    cwd: REPOSITORY,
    env,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  return failureOf(result, INSTALL_TIMEOUT_MS);
}

async function built(options: FindCliOptions, env: NodeJS.ProcessEnv, progress: Progress): Promise<Attempt> {
  const reason = await buildWithGo(CLI, { cacheDir: options.cacheDir, env, progress });
  return attempt(reason, "build", options.cacheDir);
}

function attempt(reason: string | undefined, source: "install" | "build", cacheDir: string): Attempt {
  return reason === undefined ? { command: cachedCommand(CLI, cacheDir), version: PULUMI_VERSION, source } : { reason };
}
