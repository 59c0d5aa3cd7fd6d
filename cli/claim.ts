/** A file that names its holder: one of several processes gets it, and takes it over when the holder is gone. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, referenceTo } from "../local/processes";

/** Text of a claim; empty when there is none. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** This process, as text: `<pid> <start time>`. */
export function thisProcess(): string {
  return `${process.pid} ${referenceTo(process.pid)?.started ?? ""}`;
}

/** Whether the process that a text begins with still lives. */
export function namesLiving(text: string): boolean {
  const [pid = "", started = ""] = text.split(" ", 2);
  return started !== "" && isAlive({ pid: Number(pid), started, name: "" });
}

/** Makes the file with its text in it, in one step; false when there is one. */
function take(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Claims a file.
 * @param isHeld whether a claim with this text stands; the empty text is never asked about
 * @returns false when somebody holds it
 */
export function claim(file: string, text: string, isHeld: (text: string) => boolean): boolean {
  const stands = (found: string): boolean => found !== "" && isHeld(found);
  if (take(file, text)) return true;
  if (stands(textOf(file))) return false;
  // Moved and looked at again: of two that find the dead one, the slower must not remove the claim of the faster.
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch {
    // The other one was here first.
  }
  if (stands(textOf(aside))) renameSync(aside, file);
  rmSync(aside, { force: true });
  return take(file, text);
}
