/** Control groups of racks: one of a rack's mark in every hierarchy, with those of its nodes and their pods below. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isLeftOver } from "./marks";

const ROOT = "/sys/fs/cgroup";
/** The kernel gives a group free a moment after its last process has ended; in ms. */
const GRACE_MS = 10_000;

/** One on cgroup v2; on v1 one for each controller, besides links that name two at once. */
export function hierarchies(root = ROOT): readonly string[] {
  if (existsSync(path.join(root, "cgroup.controllers"))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(root, entry.name, "cgroup.procs")))
    .map((entry) => path.join(root, entry.name));
}

/** What the kubelet asks for on v2, as far as the kernel has it. */
const controllers = ["cpu", "cpuset", "hugetlb", "io", "memory", "pids"];

function handDown(parent: string): void {
  const there = readFileSync(path.join(parent, "cgroup.controllers"), "utf8").trim().split(" ");
  const wanted = controllers.filter((one) => there.includes(one)).map((one) => `+${one}`);
  writeFileSync(path.join(parent, "cgroup.subtree_control"), wanted.join(" "));
}

/**
 * What a group has of the processors beside one busy process. By default it is as much as that one, so that all pods
 * together would weigh as little: a rack has a busy process's for each processor, as a machine's kubelet gives to its pods.
 * @see https://docs.kernel.org/scheduler/sched-design-CFS.html cpu.shares, 1024 of a process
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html cpu.weight, 100 of a process, at most 10000
 */
const weights = { "cpu.shares": { one: 1024, most: 262_144 }, "cpu.weight": { one: 100, most: 10_000 } } as const;

function weigh(group: string, processors: number): void {
  for (const [name, { one, most }] of Object.entries(weights)) {
    const file = path.join(group, name);
    // Only the processors' own hierarchy has it.
    if (existsSync(file)) writeFileSync(file, String(Math.min(one * processors, most)));
  }
}

/** Makes `<mark>/<name>` everywhere: the kubelet wants its root to be there. @returns its name for the kubelet */
export function makeCgroup(mark: string, name: string, root = ROOT, processors = availableParallelism()): string {
  for (const hierarchy of hierarchies(root)) {
    const group = path.join(hierarchy, mark);
    mkdirSync(path.join(group, name), { recursive: true });
    // On v2 children have the controllers that their parent hands down, and their files with them.
    if (hierarchy === root) [hierarchy, group].forEach(handDown);
    for (const one of [group, path.join(group, name)]) weigh(one, processors);
  }
  return `/${mark}/${name}`;
}

/** Children first: a group with children cannot go. */
function removeTree(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(path.join(group, entry.name));
  }
  rmdirSync(group);
}

/** @throws Error when a process is still in one of them */
export async function removeCgroup(mark: string, name = ""): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  for (const hierarchy of hierarchies()) {
    const group = path.join(hierarchy, mark, name);
    while (existsSync(group)) {
      try {
        removeTree(group);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }
}

/** Marks of racks whose process is no more, and which have left groups. */
export const leftCgroups = (): readonly string[] => [
  ...new Set(hierarchies().flatMap((hierarchy) => readdirSync(hierarchy).filter(isLeftOver))),
];
