import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../config/errors";
import type { Progress } from "./progress";

/** @see pulumi/pkg/backend/diy/lock.go, lockContent */
const lockSchema = z.object({ pid: z.number(), hostname: z.string(), username: z.string(), timestamp: z.string() });

export interface Lock extends z.infer<typeof lockSchema> {
  readonly file: string;
}

/** The locks on a stack. A file that a killed engine left half-written is none. */
export function readLocks(backend: string, project: string, stack: string): Lock[] {
  const dir = path.join(backend, ".pulumi", "locks", "organization", project, stack);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const file = path.join(dir, name);
      const lock = lockSchema.safeParse(parseJson(file));
      return lock.success ? [{ ...lock.data, file }] : [];
    });
}

/**
 * Removes the locks that engines killed on this host have left, and says so. (`pulumi cancel` would remove those of
 * living engines as well.)
 * @throws UserError when a lock is held by a living process, or by one on another host, of which nothing is known
 */
export function releaseDeadLocks(locks: readonly Lock[], progress: Progress): void {
  for (const lock of locks) {
    const holder = `pulumi process ${lock.pid} of ${lock.username}@${lock.hostname}, since ${lock.timestamp}`;
    if (lock.hostname !== hostname()) {
      throw new UserError(
        `The stack is locked by a ${holder}; from this host nobody can tell whether it still runs.\n` +
          `Fix: wait until it ends. If it was killed, remove its lock: rm '${lock.file}'`,
      );
    }
    if (isPulumi(lock.pid)) {
      throw new UserError(
        `The stack is locked by a ${holder}, which is still running.\n` +
          `Fix: wait until it ends, or stop it with: kill -INT ${lock.pid}`,
      );
    }
    rmSync(lock.file, { force: true });
    progress(`removed the lock of a ${holder}: that process was killed`);
  }
}

/** False when no such process lives, or when its number now belongs to another program (Linux only). */
function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const name = `/proc/${pid}/comm`;
  return !existsSync(name) || readFileSync(name, "utf8").startsWith("pulumi");
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
