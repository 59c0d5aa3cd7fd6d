import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { runChild, type ChildResult } from "./child";
import { isExecutableFile } from "./executables";

/** A program that is kept in the cache as `<cacheDir>/<name>/<version>/bin/<name>`. */
export interface CachedTool {
  readonly name: string;
  /** Three numbers, no `v`. */
  readonly version: string;
  /** Arguments with which it prints its version and ends. */
  readonly versionArgs: readonly string[];
}

/** Bound, in ms, of asking a program for its version. */
const VERSION_TIMEOUT_MS = 20_000;

const entryDir = (tool: CachedTool, cacheDir: string): string => path.join(cacheDir, tool.name, tool.version);

/** Where the program is, once it is in the cache. */
export const cachedCommand = (tool: CachedTool, cacheDir: string): string =>
  path.join(entryDir(tool, cacheDir), "bin", tool.name);

/** Trusts what it finds: entries appear in the cache only by a rename, after they have told their version. */
export const isCached = (tool: CachedTool, cacheDir: string): boolean =>
  isExecutableFile(cachedCommand(tool, cacheDir));

/**
 * Lets `fill` put the program at `<root>/bin/<name>` under a temporary folder, asks it for its version, and only then
 * renames the folder to its place: a killed build leaves no entry that looks whole, and of two at once the first stays.
 * @param fill returns why it could not @returns why the program is not in the cache now; undefined when it is
 */
export async function intoCache(
  tool: CachedTool,
  cacheDir: string,
  env: NodeJS.ProcessEnv,
  fill: (root: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const entry = entryDir(tool, cacheDir);
  mkdirSync(path.dirname(entry), { recursive: true });
  const root = mkdtempSync(path.join(path.dirname(entry), ".unfinished-"));
  try {
    const reason = await fill(root);
    if (reason !== undefined) return reason;
    const version = await versionOf(path.join(root, "bin", tool.name), tool.versionArgs, env);
    if (version !== tool.version) return `it calls itself ${version ?? "nothing"}, expected ${tool.version}`;
    if (!isCached(tool, cacheDir)) {
      rmSync(entry, { recursive: true, force: true });
      renameSync(root, entry);
    }
    return undefined;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The first version in what `command` prints, without `v`; undefined when it does not run or prints none. */
export async function versionOf(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const result = await runChild(command, args, { env, timeoutMs: VERSION_TIMEOUT_MS });
  if (result.code !== 0) return undefined;
  return /(?<![\d.])v?(\d+\.\d+\.\d+(?:-[\w.-]+)?)/.exec(result.stdout)?.[1];
}

/** Undefined when the child succeeded, else its reason: the last line that it wrote to stderr. */
export function failureOf(result: ChildResult, timeoutMs: number): string | undefined {
  if (result.code === 0) return undefined;
  if (result.timedOut) return `not finished after ${timeoutMs / 1000} s, stopped`;
  if (result.startError !== undefined) return result.startError.message;
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? `exit status ${result.code ?? "unknown"}`;
}
