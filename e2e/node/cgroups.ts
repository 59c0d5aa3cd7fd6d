/** Control groups of racks: one of a rack's mark in every hierarchy, with those of its nodes and their pods below. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
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

/** Makes `<mark>/<name>` everywhere: the kubelet wants its root to be there. @returns its name for the kubelet */
export function makeCgroup(mark: string, name: string): string {
  for (const hierarchy of hierarchies()) {
    const group = path.join(hierarchy, mark);
    mkdirSync(path.join(group, name), { recursive: true });
    // On v2 children have the controllers that their parent hands down.
    if (hierarchy !== ROOT) continue;
    for (const parent of [hierarchy, group]) {
      const there = readFileSync(path.join(parent, "cgroup.controllers"), "utf8").trim().split(" ");
      const wanted = controllers.filter((one) => there.includes(one)).map((one) => `+${one}`);
      writeFileSync(path.join(parent, "cgroup.subtree_control"), wanted.join(" "));
    }
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
