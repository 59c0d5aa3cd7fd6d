/**
 * Finds and ends the processes of one stack by the marks they carry, never by name: another Ray or vLLM on this machine
 * is none of our business. A process carries the mark in its environment; one that has overwritten its environment (Ray's
 * and vLLM's workers do, to set their title) is known by its working directory, which it inherits and never leaves.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process, told apart from a later one with the same number by its start time. */
export interface ProcessRef {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot. @see proc(5) */
  readonly started: string;
  /** What it says it is, shortened. */
  readonly name: string;
}

/** Parts of a local stack that own processes. */
export type Part = "ray" | "gateway";

/** Environment that marks every process of a part; children inherit it. */
export function markOf(directory: string, part: Part): Record<string, string> {
  return { TOKENRACK_RUN: directory, TOKENRACK_PART: part };
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined; // It ended meanwhile, or belongs to somebody else.
  }
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Start time and state of a live process; undefined for one that ended (a zombie has ended). */
function startTime(pid: number): string | undefined {
  const stat = readProc(pid, "stat");
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself; the fields after the last one are plain.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** The process of that number as it is now; undefined when there is none. */
export function referenceTo(pid: number): ProcessRef | undefined {
  const started = startTime(pid);
  if (started === undefined) return undefined;
  const words = (readProc(pid, "cmdline") ?? "").split("\0").filter((word) => word !== "");
  return { pid, started, name: words.join(" ").slice(0, 300) };
}

/** Whether this very process is still alive. */
export function isAlive(process: ProcessRef): boolean {
  return startTime(process.pid) === process.started;
}

function carriesMark(pid: number, directory: string, part: Part, workDirectory: string): boolean {
  const environment = readProc(pid, "environ");
  if (environment === undefined) return false;
  const variables = environment.split("\0");
  if (variables.includes(`TOKENRACK_RUN=${directory}`)) return variables.includes(`TOKENRACK_PART=${part}`);
  // A shell that somebody left in this directory has a whole environment and is spared.
  const overwritten = !variables.some((variable) => variable.startsWith("PATH="));
  return overwritten && workingDirectory(pid) === workDirectory;
}

/** All live processes of a part of the stack in `directory`, this process excepted. */
export function findProcesses(directory: string, part: Part): ProcessRef[] {
  const workDirectory = `${directory}/${part}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .map(Number)
    .filter((pid) => carriesMark(pid, directory, part, workDirectory))
    .flatMap((pid) => referenceTo(pid) ?? []);
}

function signal(ref: ProcessRef, name: "SIGTERM" | "SIGKILL"): void {
  if (!isAlive(ref)) return;
  try {
    process.kill(ref.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/**
 * Ends all processes of a part: asks, waits, then forces. New children that appear meanwhile are found again.
 * @param graceSeconds how long to wait after asking (>= 0)
 * @throws Error when something survives SIGKILL for 10 s (a process stuck in the kernel)
 */
export async function endProcesses(directory: string, part: Part, graceSeconds: number): Promise<number> {
  const first = findProcesses(directory, part);
  first.forEach((ref) => signal(ref, "SIGTERM"));
  const deadline = Date.now() + graceSeconds * 1000;
  while (Date.now() < deadline && findProcesses(directory, part).length > 0) await sleep(100);
  const hardDeadline = Date.now() + 10_000;
  for (;;) {
    const left = findProcesses(directory, part);
    if (left.length === 0) return first.length;
    if (Date.now() > hardDeadline)
      throw new Error(`process ${left.map((ref) => ref.pid).join(", ")} does not end, not even by SIGKILL`);
    left.forEach((ref) => signal(ref, "SIGKILL"));
    await sleep(100);
  }
}
