import { EX } from "./exits";

/** One thing wrong: where, what is there, what must be there, and how to put it right. No field ever holds a secret. */
export interface Fault {
  readonly path: string;
  readonly found: string;
  readonly needed: string;
  readonly fix: string;
}

export function formatFault({ path, found, needed, fix }: Fault): string {
  return `${path}: found ${found}; need ${needed}; fix: ${fix}`;
}

/** What ends the program, with the exit code that says whether another try can help. */
export abstract class DownloadError extends Error {
  abstract readonly exitCode: number;
}

/** The user's or the site's to mend: another try finds the same. Carries all that was found. */
export class UserFault extends DownloadError {
  override readonly name = "UserFault";
  readonly exitCode = EX.fault;
  readonly faults: readonly Fault[];

  constructor(first: Fault, ...more: readonly Fault[]) {
    const faults = [first, ...more];
    const title = faults.length === 1 ? "The download cannot be done" : `The download has ${faults.length} faults`;
    super([`${title}:`, ...faults.map((fault) => `  ${formatFault(fault)}`)].join("\n"));
    this.faults = faults;
  }
}

/** Passes by itself: the network, a busy server, another holder of the lock. */
export class Transient extends DownloadError {
  override readonly name: string = "Transient";
  readonly exitCode = EX.transient;
  /** Whether this run may try again; else only the next one, which lists anew. */
  readonly again: boolean = true;

  /** @param retryAfterMs how long the server asks to wait, in milliseconds. @default what the back-off says */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** The source is no longer what its listing said: the next run begins with a new listing. */
export class Changed extends Transient {
  override readonly name = "Changed";
  override readonly again = false;
}

/** The run was told to stop (SIGTERM), or its lease was lost: not an error of the download. */
export class Stopped extends DownloadError {
  override readonly name = "Stopped";
  readonly exitCode = EX.transient;
}

/** The `code` of a Node or undici error, or its name; never its text, which can quote a URL with a signature in it. */
export function errorCode(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string")
    return error.code;
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause);
  return error instanceof Error ? error.name : "unknown";
}

/** The codes by which a file system says that there is no room: ENOSPC, or EDQUOT for a quota. */
const NO_ROOM = ["ENOSPC", "EDQUOT"];

/** An error of the volume as what the user can do about it; any other error as it is. */
export function volumeFault(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (NO_ROOM.includes(code))
    return new UserFault({
      path: directory,
      found: `no room left on the volume while writing (${code}); what was loaded so far is kept`,
      needed: "room for the whole model",
      fix: "enlarge the PersistentVolumeClaim or free space on it, then run the Job again: it resumes",
    });
  if (["EACCES", "EPERM", "EROFS"].includes(code))
    return new UserFault({
      path: directory,
      found: `a directory that cannot be written (${code})`,
      needed: "write access for the Job's user",
      fix: "set securityContext.fsGroup to the volume's group, mount it without readOnly, or chown it once",
    });
  return error;
}

/** Text that must never be printed back. */
const SECRET_LOOK = /PRIVATE|^hf_|^AKIA|^ASIA|^eyJ/;

/** A value, short and without anything that could be a secret. */
export function describeFound(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") {
    if (SECRET_LOOK.test(value)) return "text that looks like a secret (not shown)";
    return value.length > 60 ? `a text of ${value.length} characters` : JSON.stringify(value);
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : "an object";
}
