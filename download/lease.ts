import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { pause } from "./backoff";
import type { DownloadConfig } from "./config";
import { errorCode, Transient, volumeFault } from "./faults";
import { OWN_PREFIX } from "./names";

/**
 * One downloader at a time for each volume, on NFS and CephFS too.
 *
 * A lease is a file `lease.<n>`, and the highest n counts. Who finds it released, or without a sign of life for
 * `staleSeconds`, makes lease n+1 by link(2), which succeeds for one process only, on NFS as well. Taking over therefore
 * never removes or renames what another one holds, the step in which lock files that are stolen go wrong. The last,
 * released lease stays: n must not begin anew.
 *
 * Signs of life are new contents, not times: clocks of nodes differ, and reading after open is what NFS promises to be
 * fresh. A holder that could not renew for half of `staleSeconds` stops by itself, before anybody takes over.
 * @see open(2), on O_EXCL and NFS
 */
const record = z.object({ holder: z.string(), beat: z.number(), released: z.boolean() });
type LeaseRecord = z.output<typeof record>;

/** A record has one length for good, so that a new one overwrites the old one whole. */
const RECORD_BYTES = 256;
const encode = (value: LeaseRecord): Buffer => Buffer.from(JSON.stringify(value).padEnd(RECORD_BYTES));

/** link(2) is not there on some network file systems (SMB, object stores by FUSE). */
const NO_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"];

/** What is held until `release`. */
export interface Lease {
  /** @throws Transient when the lease is, or may be, somebody else's: nothing may be written any more */
  check(): void;
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly volume: string;
  readonly times: DownloadConfig["lock"];
  readonly signal: AbortSignal;
  /** Called when the lease is lost, once. */
  readonly lost: (reason: Transient) => void;
  /** Called at each look at a lease that another one holds. @returns true when there is nothing left to wait for */
  readonly waiting: (holder: string) => Promise<boolean>;
}

/** The numbers of the leases in a directory, highest first. */
async function numbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  const found = names.flatMap((name) => /^lease\.(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
  return found.sort((a, b) => b - a);
}

async function read(file: string): Promise<{ text: string; record: LeaseRecord | undefined } | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESTALE"].includes(errorCode(error))) return undefined;
    throw error;
  }
  try {
    return { text, record: record.parse(JSON.parse(text)) };
  } catch {
    // Just being made, or damaged: it counts as held until it is stale.
    return { text, record: undefined };
  }
}

/** Makes lease `n`. @returns false when another one was faster */
async function make(directory: string, n: number, first: Buffer): Promise<boolean> {
  const target = join(directory, `lease.${n}`);
  const draft = join(directory, `draft.${randomUUID()}`);
  try {
    await writeFile(draft, first, { flush: true });
    try {
      await link(draft, target);
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (NO_LINKS.includes(code)) return await makeExclusively(target, first);
      // A reply that NFS lost looks like a failure: the link count tells the truth.
      return (await stat(draft).catch(() => undefined))?.nlink === 2;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function makeExclusively(target: string, first: Buffer): Promise<boolean> {
  try {
    await writeFile(target, first, { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

class HeldLease implements Lease {
  private beat = 0;
  private renewedAt = Date.now();
  private lostReason: Transient | undefined;
  private readonly timer: NodeJS.Timeout;
  private renewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: string,
    private readonly n: number,
    private readonly handle: FileHandle,
    private readonly holder: string,
    private readonly options: LeaseOptions,
  ) {
    const renew = (): void => {
      this.renewing = this.renewing.then(() => this.renew()).catch((error: unknown) => this.lose(errorCode(error)));
    };
    this.timer = setInterval(renew, options.times.renewSeconds * 1000);
  }

  private lose(why: string): void {
    if (this.lostReason !== undefined) return;
    this.lostReason = new Transient(`the lock on ${this.options.volume} was lost (${why}); the holder of it goes on`);
    this.options.lost(this.lostReason);
  }

  private async write(released: boolean): Promise<void> {
    this.beat += 1;
    const bytes = encode({ holder: this.holder, beat: this.beat, released });
    await this.handle.write(bytes, 0, bytes.length, 0);
    await this.handle.datasync();
  }

  private async renew(): Promise<void> {
    const startedAt = Date.now();
    this.check();
    await this.write(false);
    if ((await numbers(this.directory))[0] !== this.n) return this.lose("another one took over");
    this.renewedAt = startedAt;
  }

  check(): void {
    // The wall clock, not the monotonic one, which stands still while a machine is suspended.
    if (Math.abs(Date.now() - this.renewedAt) > (this.options.times.staleSeconds * 1000) / 2)
      this.lose("not renewed in time");
    if (this.lostReason !== undefined) throw this.lostReason;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.renewing;
    try {
      if (this.lostReason === undefined) await this.write(true);
    } finally {
      await this.handle.close();
    }
  }
}

/** One try for lease `n`. @returns undefined when another one has it, or a later one */
async function take(directory: string, n: number, options: LeaseOptions): Promise<Lease | undefined> {
  const holder = `${hostname().slice(0, 100)} ${process.pid} ${randomUUID().slice(0, 8)}`;
  if (!(await make(directory, n, encode({ holder, beat: 0, released: false })))) return undefined;
  const mine = join(directory, `lease.${n}`);
  // Who read the directory long ago may have made a number that had come and gone.
  const all = await numbers(directory);
  if (all[0] !== n) {
    await rm(mine, { force: true });
    return undefined;
  }
  const lease = new HeldLease(directory, n, await open(mine, "r+"), holder, options);
  for (const old of all.slice(1)) await rm(join(directory, `lease.${old}`), { force: true });
  return lease;
}

/**
 * Waits for the volume's lease. @returns undefined when `waiting` said that there is nothing left to wait for
 * @throws the signal's reason, UserFault when the volume cannot be written
 */
export async function acquire(options: LeaseOptions): Promise<Lease | undefined> {
  const directory = join(options.volume, `${OWN_PREFIX}-download`);
  const { staleSeconds, renewSeconds } = options.times;
  try {
    await mkdir(directory, { recursive: true });
    let seen = { text: "", since: performance.now() };
    for (;;) {
      options.signal.throwIfAborted();
      const [n = 0] = await numbers(directory);
      const current = n === 0 ? undefined : await read(join(directory, `lease.${n}`));
      if (n > 0 && current === undefined) {
        // Gone since the directory was read; a client of NFS may go on showing its name for a moment.
        await pause(100, options.signal);
        continue;
      }
      const text = `${n} ${current?.text ?? ""}`;
      if (text !== seen.text) seen = { text, since: performance.now() };
      const stale = performance.now() - seen.since > staleSeconds * 1000;
      if (n === 0 || current?.record?.released === true || stale) {
        const lease = await take(directory, n + 1, options);
        if (lease !== undefined) return lease;
        continue;
      }
      if (await options.waiting(current?.record?.holder ?? "unknown")) return undefined;
      await pause(Math.min(renewSeconds * 1000, 5000), options.signal);
    }
  } catch (error) {
    throw volumeFault(error, options.volume);
  }
}
