/** Where a running local stack keeps its files. All of it goes away with the stack. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./processes";
import { localError } from "./report";

/** Directory of one part; also the working directory of its processes, which marks them (`processes.ts`). */
export function partDirectory(runDirectory: string, part: Part): string {
  return join(runDirectory, part);
}

/**
 * Ray's session directory. Not under the checkout: Ray puts Unix sockets in it, whose paths may have 107 bytes at most.
 * Named by the run directory, so that two checkouts never share one; not by TMPDIR, which may be another one at the stop.
 */
export function rayTempDirectory(runDirectory: string): string {
  const hash = createHash("sha256").update(runDirectory).digest("hex").slice(0, 10);
  return join("/tmp", `tokenrack-${hash}`);
}

/**
 * Makes a directory that only its owner can enter.
 * @throws LocalError when somebody else's is in its place (`/tmp` is everybody's)
 */
export function privateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = lstatSync(directory);
  if (stat.uid !== process.getuid?.() || !stat.isDirectory()) {
    throw localError({
      checked: `the directory ${directory}`,
      found: stat.isDirectory() ? `it belongs to user ${stat.uid}` : "it is a link to another place",
      needed: "a directory of our own",
      fix: `remove it, then run \`npm start\` again`,
    });
  }
  chmodSync(directory, 0o700);
}

/** Removes the files of a part, and the run directory once it is empty. */
export function removePart(runDirectory: string, part: Part): void {
  rmSync(partDirectory(runDirectory, part), { recursive: true, force: true });
  if (part === "ray") rmSync(rayTempDirectory(runDirectory), { recursive: true, force: true });
  if (existsSync(runDirectory) && readdirSync(runDirectory).length === 0) rmdirSync(runDirectory);
}
