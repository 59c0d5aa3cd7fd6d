/** Shared-memory segments of Ray's processes: vLLM leaves its own behind when it is ended by force. */
import { readFileSync, rmSync } from "node:fs";
import { findProcesses } from "./processes";

function mappedBy(pid: number): string[] {
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
    return [...maps.matchAll(/\s(\/dev\/shm\/\S+)$/gm)].flatMap((match) => match[1] ?? []);
  } catch {
    return []; // It ended meanwhile.
  }
}

/** Segments that the processes of this stack's Ray hold open now. */
export const sharedMemory = (runDirectory: string): ReadonlySet<string> =>
  new Set(findProcesses(runDirectory, "ray").flatMap(({ pid }) => mappedBy(pid)));

/** Removes those of `segments` that none of them holds open any more. */
export function removeUnused(runDirectory: string, segments: ReadonlySet<string>): void {
  const used = sharedMemory(runDirectory);
  [...segments].filter((segment) => !used.has(segment)).forEach((segment) => rmSync(segment, { force: true }));
}
