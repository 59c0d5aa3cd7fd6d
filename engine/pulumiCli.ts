import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { versions } from "../catalog/versions";
import { runChild, type ChildResult } from "./child";
import { UserError } from "../config/errors";
import { findOnPath, isExecutableFile, parseVersion, satisfies } from "./executables";
import { PULUMI_DOWNLOADS, unreachable } from "./network";
import { withHeartbeat, type Progress } from "./progress";
import { pulumiEnv } from "./pulumiHome";

/** The CLI that we install or build. */
export const PULUMI_VERSION: string = versions.pulumiCli;

/** The oldest CLI on PATH that is used: inline `destroy` needs 3.181, and nothing below 3.200 was tried. */
const OLDEST = { major: 3, minor: 200, patch: 0 };

/** Bounds in ms: a `pulumi version`, the vendor's download, and a build (3 minutes on 2 cores, more on a loaded one). */
const VERSION_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 30 * 60_000;

const REPOSITORY = path.resolve(__dirname, "..");
const WRAPPER_MODULE = path.join(REPOSITORY, "tools", "pulumi-cli");

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
  const version = await versionOf(command, env);
  if (version === undefined) return { reason: `${command} does not answer \`pulumi version\` with a version` };
  const parsed = parseVersion(version);
  if (parsed === undefined || !satisfies(parsed, OLDEST)) {
    return { reason: `${command} is version ${version}; 3.200.0 or newer 3.x is needed` };
  }
  return { command, version, source: "path" };
}

/** Trusts what it finds: entries appear in the cache only by a rename, after they have told their version. */
function inCache(cacheDir: string): Attempt {
  const command = path.join(entryDir(cacheDir), "bin", "pulumi");
  if (isExecutableFile(command)) return { command, version: PULUMI_VERSION, source: "cache" };
  return { reason: `${command} is not there yet`, usual: true };
}

async function installed(options: FindCliOptions, env: NodeJS.ProcessEnv, progress: Progress): Promise<Attempt> {
  const install = options.install ?? ((root): Promise<string | undefined> => installByAutomationApi(root, env));
  const label = `downloading the Pulumi CLI ${PULUMI_VERSION}`;
  return intoCache(options.cacheDir, env, "install", (root) => withHeartbeat(progress, label, () => install(root)));
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
  const go = findOnPath("go", env["PATH"]);
  if (go === undefined) return { reason: "no `go` on PATH to build it with" };
  progress(`building the Pulumi CLI ${PULUMI_VERSION} from its Go module (about 3 minutes on 2 cores, once)`);
  return intoCache(options.cacheDir, env, "build", async (root) => {
    const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_VERSION}`;
    const args = ["build", "-mod=readonly", "-trimpath", "-ldflags", `-s -w ${version}`];
    args.push("-o", path.join(root, "bin", "pulumi"), "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi");
    const result = await withHeartbeat(progress, "building the Pulumi CLI", () =>
      runChild(go, args, { cwd: WRAPPER_MODULE, env: goEnv(options.cacheDir, env), timeoutMs: BUILD_TIMEOUT_MS }),
    );
    return failureOf(result, BUILD_TIMEOUT_MS);
  });
}

/**
 * Go keeps downloads and compiled packages in the user's home, for all that the user builds: they are shared on purpose.
 * Where there is no home to write to they go into our cache; a folder that the user names wins.
 */
function goEnv(cacheDir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env["HOME"] && isWritable(env["HOME"])) return env;
  const go = path.join(cacheDir, "go");
  // Without -modcacherw the downloads are read-only, and nobody could simply remove the cache.
  const flags = `${env["GOFLAGS"] ?? ""} -modcacherw`.trim();
  return { GOPATH: go, GOCACHE: path.join(go, "build"), ...env, GOFLAGS: flags };
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Lets `fill` put a CLI under a temporary folder, asks it for its version, and only then renames the folder to its
 * place: a killed build leaves no entry that looks whole, and of two builds at once the first one stays.
 */
async function intoCache(
  cacheDir: string,
  env: NodeJS.ProcessEnv,
  source: "install" | "build",
  fill: (root: string) => Promise<string | undefined>,
): Promise<Attempt> {
  const entry = entryDir(cacheDir);
  mkdirSync(path.dirname(entry), { recursive: true });
  const root = mkdtempSync(path.join(path.dirname(entry), ".unfinished-"));
  try {
    const reason = await fill(root);
    if (reason !== undefined) return { reason };
    const version = await versionOf(path.join(root, "bin", "pulumi"), env);
    if (version !== PULUMI_VERSION) {
      return { reason: `it calls itself ${version ?? "nothing"}, expected ${PULUMI_VERSION}` };
    }
    const command = path.join(entry, "bin", "pulumi");
    if (!isExecutableFile(command)) {
      rmSync(entry, { recursive: true, force: true });
      renameSync(root, entry);
    }
    return { command, version, source };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function entryDir(cacheDir: string): string {
  return path.join(cacheDir, "pulumi", PULUMI_VERSION);
}

/** The version without `v`, or undefined when `command` does not run or prints something else. */
async function versionOf(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const result = await runChild(command, ["version"], { env, timeoutMs: VERSION_TIMEOUT_MS });
  if (result.code !== 0 || parseVersion(result.stdout) === undefined) return undefined;
  return result.stdout.trim().replace(/^v/, "");
}

/** Undefined when the child succeeded, else its reason: the last line that it wrote to stderr. */
function failureOf(result: ChildResult, timeoutMs: number): string | undefined {
  if (result.code === 0) return undefined;
  if (result.timedOut) return `not finished after ${timeoutMs / 1000} s, stopped`;
  if (result.startError !== undefined) return result.startError.message;
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? `exit status ${result.code ?? "unknown"}`;
}
