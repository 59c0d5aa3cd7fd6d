import { networkError, type Pacer } from "./backoff";
import { Changed, Transient, UserFault } from "./faults";
import { discard, type Answer, type Http } from "./http";
import type { Lease } from "./lease";
import type { ReadyFile } from "./marker";
import { PartialFile } from "./partial";
import type { Progress } from "./progress";
import type { RemoteFile, Source } from "./sources/source";

/** Times that a file is begun anew because the source's answers do not fit together, before the run gives up. */
const MOST_RESTARTS = 3;

export interface FetchContext {
  readonly directory: string;
  readonly source: Source;
  readonly revision: string;
  readonly http: Http;
  readonly pacer: Pacer;
  readonly lease: Lease;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** An ETag without what a proxy may add or drop; S3 services differ in case. */
const plainEtag = (etag: string): string => etag.replace(/^W\//, "").toLowerCase();
const differ = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && plainEtag(a) !== plainEtag(b);

/** A Content-Range. @returns undefined when there is none, or none of this form */
function rangeOf(answer: Answer): { start: number; total: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(answer.header("content-range") ?? "");
  if (match === null) return undefined;
  return { start: Number(match[1]), total: match[2] === "*" ? undefined : Number(match[2]) };
}

/** Where an answer's bytes belong: after those that are there, at the beginning, or nowhere. */
function fit(answer: Answer, partial: PartialFile, file: RemoteFile): "append" | "fromZero" | "restart" {
  if (answer.status === 416) return "restart";
  const etag = answer.header("etag");
  if (differ(etag, file.etag)) throw new Changed(`${file.path} has changed at its source since it was listed`);
  const encoding = answer.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw new Transient(`${answer.host} compresses (${encoding.slice(0, 20)}) what was asked for as it is`);
  const range = rangeOf(answer);
  const total = range === undefined ? answer.header("content-length") : range.total;
  if (total !== undefined && Number(total) !== file.size)
    throw new Changed(`${answer.host} has ${total} bytes of ${file.path} where ${file.size} were listed`);
  // 206, or ModelScope's 200 with a Content-Range. A plain 200 is the whole file, whatever was asked for.
  if (range === undefined) return answer.status === 206 ? "restart" : "fromZero";
  return range.start !== partial.offset || differ(etag, partial.etag) ? "restart" : "append";
}

/** Asks for what is missing and writes it. @returns false when the bytes that are there had to go */
async function receive(
  file: RemoteFile,
  partial: PartialFile,
  context: FetchContext,
  gained: () => void,
): Promise<boolean> {
  const { http, source, lease, progress, signal } = context;
  const ask = source.locate(file, context.revision);
  const { offset, etag } = partial;
  const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
  // A weak ETag must not be used here (RFC 9110 section 13.1.5); the checksum guards then.
  if (offset > 0 && etag?.startsWith('"') === true) headers["if-range"] = etag;
  const answer = await http.ask({ ...ask, headers }, source.explain, [416]);
  try {
    const place = fit(answer, partial, file);
    if (place === "restart") return false;
    lease.check();
    if (place === "fromZero") await drop(file, partial, progress);
    if (partial.offset === 0) await partial.begin(answer.header("etag"));
    try {
      for await (const chunk of answer.body) {
        const data = chunk as Buffer;
        lease.check();
        if (partial.offset + data.length > file.size) return false;
        await partial.append(data);
        progress.add(file.path, data.length, true);
        gained();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw networkError(error, answer.host);
    }
    if (partial.offset < file.size) throw new Transient(`${answer.host} ended ${file.path} early`);
    return true;
  } finally {
    discard(answer);
  }
}

async function drop(file: RemoteFile, partial: PartialFile, progress: Progress): Promise<void> {
  progress.add(file.path, -partial.offset, false);
  await partial.reset();
}

/** Gets all bytes of a file, from wherever the partial one ends. */
async function complete(file: RemoteFile, partial: PartialFile, context: FetchContext): Promise<void> {
  let restarts = 0;
  await context.pacer.persist(file.path, async (gained) => {
    while (partial.offset < file.size) {
      // Neither a checksum nor a strong ETag: two files could be joined and nobody would notice.
      const guarded = file.checksum !== undefined || partial.etag?.startsWith('"') === true;
      if (partial.offset > 0 && !guarded) await drop(file, partial, context.progress);
      if (await receive(file, partial, context, gained)) continue;
      await drop(file, partial, context.progress);
      restarts += 1;
      if (restarts > MOST_RESTARTS)
        throw new Changed(`${file.path}: the source's answers do not fit together, ${restarts} times in a row`);
      context.progress.note(`${file.path}: has changed or cannot be resumed; begins anew`);
    }
  });
}

function mismatch({ path, checksum, size }: RemoteFile, found: string, title: string): UserFault {
  return new UserFault({
    path,
    found: `${checksum?.kind ?? "checksum"} ${found} over ${size} bytes, twice, from ${title}`,
    needed: `${checksum?.hex}, as the source lists it`,
    fix: "the source or a proxy between serves wrong bytes: try another endpoint, or upload the file again (in a bucket, with a new SHA256SUMS)",
  });
}

/**
 * Loads one file, resumed where that is safe, and gives it its name when it is verified. Wrong bytes are thrown away and
 * loaded once more from the beginning.
 * @throws UserFault, Transient, the signal's reason, an error of the volume
 */
export async function fetchFile(file: RemoteFile, context: FetchContext): Promise<ReadyFile> {
  const { progress, source } = context;
  const partial = await PartialFile.open(context.directory, file, context.signal);
  try {
    for (let round = 1; ; round += 1) {
      await complete(file, partial, context);
      const { sha256, found, matches } = partial.finish();
      context.lease.check();
      if (matches) {
        await partial.publish(sha256);
        return { path: file.path, size: file.size, sha256, checked: file.checksum?.kind ?? "size" };
      }
      await drop(file, partial, progress);
      if (round === 2) {
        await partial.discard();
        throw mismatch(file, found, source.title);
      }
      progress.note(`${file.path}: wrong checksum; loads it once more from the beginning`);
    }
  } finally {
    await partial.close();
  }
}
