/**
 * Shared memory of Ray's processes, segments and semaphores: what is ended by force leaves its own behind. It is noted
 * while the processes live, in the run directory, since of a dead one nobody can tell what it held.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writePrivate } from "../system/privateFile";
import { findProcesses } from "./processes";
import { partDirectory } from "./runFiles";

const directory = "/dev/shm";

/** Inode by path: another program may be given a name that is free again, but not the same inode. */
type Segments = Readonly<Record<string, number>>;

const segmentsFile = (runDirectory: string): string => join(partDirectory(runDirectory, "ray"), "shared-memory.json");

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

/** What the processes of this stack's Ray hold open now. */
function heldNow(runDirectory: string): Segments {
  const mapped = new Set(findProcesses(runDirectory, "ray").flatMap(({ pid }) => mappedBy(pid)));
  const all = readdirSync(directory).map((name) => [join(directory, name), inodeOf(join(directory, name))] as const);
  return Object.fromEntries(
    all.flatMap(([path, inode]) => (inode !== undefined && mapped.has(inode) ? [[path, inode]] : [])),
  );
}

/** What was noted and is still there. */
function noted(runDirectory: string): Segments {
  const file = segmentsFile(runDirectory);
  if (!existsSync(file)) return {};
  const segments = z.record(z.string(), z.number()).parse(JSON.parse(readFileSync(file, "utf8")));
  return Object.fromEntries(Object.entries(segments).filter(([path, inode]) => inodeOf(path) === inode));
}

/** Adds what is held now to what was noted before. Nothing when Ray has no run directory. */
export function noteSharedMemory(runDirectory: string): void {
  if (!existsSync(partDirectory(runDirectory, "ray"))) return;
  const segments = { ...noted(runDirectory), ...heldNow(runDirectory) };
  writePrivate(segmentsFile(runDirectory), JSON.stringify(segments));
}

/** Removes what was noted and none of Ray's processes holds any more. */
export function removeUnused(runDirectory: string): void {
  const held = heldNow(runDirectory);
  Object.keys(noted(runDirectory))
    .filter((path) => held[path] === undefined)
    .forEach((path) => rmSync(path, { force: true }));
}
