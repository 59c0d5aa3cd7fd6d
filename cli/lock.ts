/** One command at a time may change the stack of a checkout. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "../config/errors";
import { isAlive, referenceTo, type ProcessRef } from "../local/processes";
import { house, type House } from "./house";

/** Whom a lock names; undefined when there is none, or nothing that can be read. */
function holderOf(lock: string): ProcessRef | undefined {
  try {
    const [pid = "", started = ""] = readFileSync(lock, "utf8").split(" ");
    return { pid: Number(pid), started, name: "" };
  } catch {
    return undefined;
  }
}

function held(lock: string, holder: ProcessRef): UserError {
  return new UserError(
    `another command is changing this stack\n  found: process ${holder.pid} holds ${lock}\n  fix: wait for it, or end it, and try again`,
  );
}

/** Makes the lock with its holder in it, in one step; false when there is one. */
function take(lock: string): boolean {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, `${process.pid} ${referenceTo(process.pid)?.started ?? ""}`);
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the lock, and away from a holder that has died. @throws UserError when it is held */
function acquire(lock: string): void {
  if (take(lock)) return;
  const holder = holderOf(lock);
  if (holder !== undefined && isAlive(holder)) throw held(lock, holder);
  // Moved and looked at again: of two that find the dead one, the slower must not remove the lock of the faster.
  const aside = `${lock}.${process.pid}.dead`;
  try {
    renameSync(lock, aside);
  } catch {
    // The other one was here first.
  }
  const moved = holderOf(aside);
  if (moved !== undefined && isAlive(moved)) renameSync(aside, lock);
  rmSync(aside, { force: true });
  if (take(lock)) return;
  throw held(lock, holderOf(lock) ?? { pid: 0, started: "", name: "" });
}

/**
 * Runs `body` under the lock. A lock whose holder has died is taken over.
 * @throws UserError when another command holds it
 */
export async function withLock<T>(body: () => Promise<T>, at: House = house): Promise<T> {
  acquire(at.lock);
  try {
    return await body();
  } finally {
    rmSync(at.lock, { force: true });
  }
}
