/** What this machine has: programs, cores, memory, GPUs, disk. Read-only. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { versions } from "../catalog/versions";
import type { GpuFacts } from "../plan/types";

/** A program on PATH. */
export function onPath(program: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile(); // A directory can be "executed" as well.
      } catch {
        return false;
      }
    });
}

function capture(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 });
  } catch {
    return undefined; // Not there, or refuses: the caller says what that means.
  }
}

/** Newest that the locked packages have wheels for (vLLM 0.29.0: 3.11 to 3.14, Ray 2.60.0: up to 3.13). */
const pythonNames = ["python3", "python3.13", "python3.12", "python3.11"];

function pythonVersion(program: string): string | undefined {
  return capture(program, ["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])?.trim();
}

function fits(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const floor = Number(versions.pythonFloor.split(".")[1]);
  return major === 3 && minor >= floor && minor <= 13;
}

/** The first Python on PATH that fits, or the fault that none does. */
export function findPython():
  | { path: string; version: string }
  | { path: undefined; fault: { checked: string; found: string; needed: string; fix: string } } {
  const seen: string[] = [];
  for (const path of pythonNames.flatMap((name) => onPath(name) ?? [])) {
    const version = pythonVersion(path);
    if (version !== undefined && fits(version)) return { path, version };
    seen.push(`${path} (${version ?? "does not run"})`);
  }
  return {
    path: undefined,
    fault: {
      checked: "Python",
      found: seen.length === 0 ? "no python3 on PATH" : seen.join(", "),
      needed: `Python ${versions.pythonFloor} to 3.13`,
      fix: "install it (Debian, Ubuntu: `apt-get install python3 python3-venv`), then run `npm start` again",
    },
  };
}

/** The Python to make virtual environments with. @throws Error when there is none; `findPython` says why */
export function pythonCommand(): string {
  const python = findPython();
  if (python.path === undefined) throw new Error(`${python.fault.checked}: ${python.fault.found}`);
  return python.path;
}

/** Whether that Python can make a virtual environment (Debian splits this off into `python3-venv`). */
export function canMakeVenv(python: string): boolean {
  return capture(python, ["-c", "import venv, ensurepip"]) !== undefined;
}

function readNumber(file: string): number | undefined {
  try {
    const value = Number(readFileSync(file, "utf8").trim());
    return Number.isFinite(value) && value > 0 ? value : undefined; // cgroup v2 says "max" for no limit.
  } catch {
    return undefined;
  }
}

/** Memory in GiB: the machine's, or the container's limit where there is one. */
export function memoryGib(): number {
  const limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
  const bytes = Math.min(totalmem(), ...limits.flatMap((file) => readNumber(file) ?? []));
  return Math.round((bytes / 2 ** 30) * 10) / 10;
}

/** Cores this process may run on. */
export function cpus(): number {
  return availableParallelism();
}

/** NVIDIA GPUs by PCI address, as `nvidia-smi` lists them; none where it is not there. */
export function gpus(): GpuFacts[] {
  const query = ["--query-gpu=name,memory.total,driver_version,pci.bus_id", "--format=csv,noheader,nounits"];
  const rows = onPath("nvidia-smi") === undefined ? undefined : capture("nvidia-smi", query);
  return (
    (rows ?? "")
      .split("\n")
      .map((row) => row.split(",").map((field) => field.trim()))
      .filter((fields) => fields.length === 4)
      .sort((a, b) => ((a[3] ?? "") < (b[3] ?? "") ? -1 : 1))
      .map(([name = "", memory = "0", driver = ""]) => ({ name, memoryMib: Number(memory), driver }))
      // A GPU that shares the machine's memory answers "[N/A]": nothing can be planned on it yet.
      .filter(({ memoryMib }) => Number.isFinite(memoryMib))
  );
}

/** Free disk in GiB where `directory` is, or will be. */
export function freeDiskGib(directory: string): number {
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return Math.floor(((bavail * bsize) / 2 ** 30) * 10) / 10;
}
