/** One command at a time may change the stack of a checkout. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "../config/errors";
import { house } from "./house";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * Runs `body` under the lock. A lock whose holder has died is taken over.
 * @throws UserError when another command holds it
 */
export async function withLock<T>(body: () => Promise<T>): Promise<T> {
  const text = (): string => {
    try {
      return readFileSync(house.lock, "utf8");
    } catch {
      return "";
    }
  };
  const holder = Number(text());
  if (holder > 0 && holder !== process.pid && isRunning(holder)) {
    throw new UserError(
      `another command is changing this stack\n  found: process ${holder} holds ${house.lock}\n  fix: wait for it, or end it, and try again`,
    );
  }
  rmSync(house.lock, { force: true });
  // "wx": of two commands that start together, one gets the file and the other one this error.
  writeFileSync(house.lock, String(process.pid), { flag: "wx" });
  try {
    return await body();
  } finally {
    rmSync(house.lock, { force: true });
  }
}
