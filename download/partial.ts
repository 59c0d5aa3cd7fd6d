import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { ContentHash, hashFile } from "./checksum";
import { makeParents, readJson, remove, sizeOf, syncDirectory, writeWhole } from "./files";
import { WORK } from "./marker";
import type { RemoteFile } from "./sources/source";

/** What is known of a file that is not ready yet, beside its partial bytes. */
const sidecarSchema = z.object({
  /** As it was listed when the first byte came: with another listing the bytes are another file's. */
  file: z.unknown(),
  /** ETag of the answer that the bytes came from. */
  etag: z.string().optional(),
  /** Set when all bytes held against the checksum, just before they get their name. */
  verified: z.object({ sha256: z.string(), mtimeMs: z.number() }).optional(),
});
type Sidecar = z.output<typeof sidecarSchema>;

interface Places {
  readonly data: string;
  readonly sidecar: string;
  readonly target: string;
}

/** Partial bytes lie in one flat directory on the same volume: whatever a file is called, its name there is short and safe. */
function placesOf(directory: string, { path }: RemoteFile): Places {
  const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
  const stem = join(directory, WORK, name);
  return { data: `${stem}.partial`, sidecar: `${stem}.json`, target: join(directory, path) };
}

async function readSidecar(places: Places, file: RemoteFile): Promise<Sidecar | undefined> {
  const sidecar = await readJson(places.sidecar, sidecarSchema);
  // A round through JSON: what is undefined is left out.
  return sidecar !== undefined && isDeepStrictEqual(sidecar.file, JSON.parse(JSON.stringify(file)))
    ? sidecar
    : undefined;
}

/**
 * The SHA-256 of a file that is whole on the volume already; undefined when it has to be loaded, in whole or in part.
 * What is there and wrong is removed. The bytes are read again unless this program verified them and they are as it left
 * them (size and time).
 */
export async function verifiedHash(
  directory: string,
  file: RemoteFile,
  signal: AbortSignal,
): Promise<string | undefined> {
  const places = placesOf(directory, file);
  const there = await sizeOf(places.target);
  const sidecar = await readSidecar(places, file);
  if (there?.size === file.size) {
    const known = sidecar?.verified;
    if (known !== undefined && known.mtimeMs === there.mtimeMs) return known.sha256;
    if (file.checksum !== undefined) {
      const hash = new ContentHash(file.checksum, file.size);
      await hashFile(places.target, hash, signal);
      const { sha256, matches } = hash.finish();
      if (matches) return sha256;
    }
  }
  if (there !== undefined) await remove(places.target);
  // Bytes of another listing, or of which nothing is known, cannot be gone on with.
  if (sidecar === undefined) await remove(places.data);
  return undefined;
}

/** Bytes of a file that an earlier run left; at most its size. */
export async function partialBytes(directory: string, file: RemoteFile): Promise<number> {
  return Math.min(file.size, (await sizeOf(placesOf(directory, file).data))?.size ?? 0);
}

/** A file on its way: bytes are appended, hashed and kept, whatever happens, until they are verified or proved wrong. */
export class PartialFile {
  private constructor(
    private readonly directory: string,
    private readonly file: RemoteFile,
    private readonly places: Places,
    private readonly handle: FileHandle,
    private hash: ContentHash,
    /** Bytes that are there. */
    private length: number,
    private answered: string | undefined,
  ) {}

  /** Opens what an earlier run left, or nothing, and reads it into the hash. */
  static async open(directory: string, file: RemoteFile, signal: AbortSignal): Promise<PartialFile> {
    const places = placesOf(directory, file);
    const sidecar = await readSidecar(places, file);
    const handle = await open(places.data, constants.O_RDWR | constants.O_CREAT);
    try {
      const length = sidecar === undefined ? 0 : Math.min(file.size, (await handle.stat()).size);
      await handle.truncate(length);
      const hash = new ContentHash(file.checksum, file.size);
      if (length > 0) await hashFile(places.data, hash, signal);
      return new PartialFile(directory, file, places, handle, hash, length, sidecar?.etag);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get offset(): number {
    return this.length;
  }

  /** ETag of the answer that the bytes came from. */
  get etag(): string | undefined {
    return this.answered;
  }

  /** Notes from which answer the bytes come, before the first of them is written. */
  async begin(etag: string | undefined): Promise<void> {
    this.answered = etag;
    await this.writeSidecar({ file: this.file, ...(etag === undefined ? {} : { etag }) });
  }

  private writeSidecar(sidecar: Sidecar): Promise<void> {
    return writeWhole(this.places.sidecar, `${JSON.stringify(sidecar)}\n`);
  }

  async append(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length;) {
      const { bytesWritten } = await this.handle.write(data, at, data.length - at, this.length);
      this.hash.update(data.subarray(at, at + bytesWritten));
      this.length += bytesWritten;
      at += bytesWritten;
    }
  }

  /** Throws the bytes away. */
  async reset(): Promise<void> {
    await this.handle.truncate(0);
    this.length = 0;
    this.answered = undefined;
    this.hash = new ContentHash(this.file.checksum, this.file.size);
  }

  /** Ends the hash: whether the bytes are the file's. */
  finish(): ReturnType<ContentHash["finish"]> {
    return this.hash.finish();
  }

  /** Gives the verified bytes their name, so that they outlive a power cut. */
  async publish(sha256: string): Promise<void> {
    await this.handle.sync();
    const { mtimeMs } = await this.handle.stat();
    await this.writeSidecar({ file: this.file, verified: { sha256, mtimeMs } });
    await makeParents(this.directory, this.file.path);
    await rename(this.places.data, this.places.target);
    await syncDirectory(dirname(this.places.target));
  }

  /** Removes the bytes and what is known of them. */
  async discard(): Promise<void> {
    await remove(this.places.data);
    await remove(this.places.sidecar);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
