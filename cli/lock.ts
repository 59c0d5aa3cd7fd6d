/** One command at a time may change the stack of a checkout. */
import { rmSync } from "node:fs";
import { UserError } from "../config/errors";
import { claim, namesLiving, textOf, thisProcess } from "./claim";
import { house, type House } from "./house";

/** Takes the lock, and away from a holder that has died. @throws UserError when it is held */
function acquire(lock: string): void {
  if (claim(lock, thisProcess(), namesLiving)) return;
  const [pid = "0"] = textOf(lock).split(" ");
  throw new UserError(
    `another command is changing this stack\n  found: process ${pid} holds ${lock}\n  fix: wait for it, or end it, and try again`,
  );
}

/**
 * Runs `body` under the lock. A lock whose holder has died is taken over.
 * @throws UserError when another command holds it
 */
export async function withLock<T>(body: () => Promise<T>, at: House = house): Promise<T> {
  acquire(at.lock);
  const release = (): void => rmSync(at.lock, { force: true });
  // An interrupted command ends without coming back here.
  process.once("exit", release);
  try {
    return await body();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}
