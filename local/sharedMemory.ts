/** Shared memory of Ray's processes, segments and semaphores: what is ended by force leaves its own behind. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { findProcesses } from "./processes";

const directory = "/dev/shm";

/**
 * Inodes of shared memory that a process maps. Not paths: a named semaphore is made under another name, linked to its own
 * and the first one removed, so that the kernel shows a name that is gone.
 * @see sem_open of glibc, proc(5)
 */
function mappedBy(pid: number): number[] {
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
    return [...maps.matchAll(/ (\d+) +\/dev\/shm\/.+$/gm)].map(([, inode]) => Number(inode));
  } catch {
    return []; // It ended meanwhile.
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Paths of the shared memory that the processes of this stack's Ray hold open now. */
export function sharedMemory(runDirectory: string): ReadonlySet<string> {
  const mapped = new Set<number | undefined>(findProcesses(runDirectory, "ray").flatMap(({ pid }) => mappedBy(pid)));
  const paths = readdirSync(directory).map((name) => join(directory, name));
  return new Set(paths.filter((path) => mapped.has(inodeOf(path))));
}

/** Removes those of `segments` that none of them holds open any more. */
export function removeUnused(runDirectory: string, segments: ReadonlySet<string>): void {
  const used = sharedMemory(runDirectory);
  [...segments].filter((segment) => !used.has(segment)).forEach((segment) => rmSync(segment, { force: true }));
}
