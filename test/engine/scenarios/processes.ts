/** Ends processes as a crash does: by SIGKILL, with all that they have started. Only ever what a test itself has started. */
import { readdirSync, readFileSync } from "node:fs";
import type { Site } from "./site";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // It has ended.
  }
};

/** Numbers of all processes of this machine. */
export const allPids = (): number[] =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** Arguments of a process, with spaces between; empty when it has ended. */
export const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");

function all(): Process[] {
  return allPids().flatMap((pid) => {
    // The name stands in brackets, and may hold any letter.
    const [, name = "", parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(read(`/proc/${pid}/stat`)) ?? [];
    return parent === undefined ? [] : [{ pid, parent: Number(parent), name }];
  });
}

function below(pid: number, among: readonly Process[]): Process[] {
  return among.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid, among)]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it has ended.
  }
}

/** Kills an engine alone: its plugins live on as orphans. */
export const killEngine = (pid: number): void => kill(pid);

/** Kills an engine, its plugins and what they run here, and every SSH session on a host or the master of the site. */
export function killAll(engine: number, site: Site): void {
  const processes = all();
  kill(engine);
  for (const { pid } of below(engine, processes)) kill(pid);
  const config = site.master.place.path("sshd_config");
  const ofMaster = processes.filter(({ name, pid }) => name === "sshd" && commandLine(pid).includes(config));
  const ofHosts = site.hosts.flatMap((host) => below(host.pid, processes)).filter(({ name }) => name === "sshd");
  const listening = [...ofMaster, ...ofHosts].filter(
    ({ parent }) => !processes.some(({ pid, name }) => pid === parent && name === "sshd"),
  );
  for (const { pid } of listening.flatMap((one) => below(one.pid, processes))) kill(pid);
}
