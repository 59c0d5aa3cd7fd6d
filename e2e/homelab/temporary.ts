/**
 * Where the run keeps all its files. To be imported before anything that makes a temporary file when it is loaded: those
 * go in here too, so that a run which is killed leaves them to the next one.
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newMark } from "../node/marks";

/** Near the root: the kubelet's sockets have paths of at most 107 characters. */
export const base = join(tmpdir(), "tokenrack-e2e");

/** Marked as a rack is, so that the next rack removes what a killed run has left. */
export const directory = join(base, newMark());

mkdirSync(directory, { recursive: true });
process.env["TMPDIR"] = directory;
