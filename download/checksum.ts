import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/**
 * What a source says of a file's content.
 * - `sha256`: Git LFS, ModelScope, SHA256SUMS, S3's x-amz-checksum-sha256
 * - `gitSha1`: the blob id of a file that git itself holds: SHA-1 over "blob <size>\0" and the content
 * - `md5`: an S3 ETag of an object that was put whole
 * - `md5Parts`: an S3 ETag of a multipart upload: MD5 over the parts' MD5s, then "-<parts>"
 */
export type Checksum =
  | { readonly kind: "sha256" | "gitSha1" | "md5"; readonly hex: string }
  | { readonly kind: "md5Parts"; readonly hex: string; readonly partBytes: number };

/** MD5 over the MD5s of parts of one size, as S3 makes a multipart upload's ETag. */
class PartsHash {
  private readonly whole = createHash("md5");
  private part = createHash("md5");
  private inPart = 0;
  private parts = 0;

  constructor(private readonly partBytes: number) {}

  private endPart(): void {
    this.whole.update(this.part.digest());
    this.part = createHash("md5");
    this.inPart = 0;
    this.parts += 1;
  }

  update(data: Buffer): void {
    for (let at = 0; at < data.length;) {
      const taken = data.subarray(at, at + this.partBytes - this.inPart);
      this.part.update(taken);
      this.inPart += taken.length;
      at += taken.length;
      if (this.inPart === this.partBytes) this.endPart();
    }
  }

  digest(): string {
    if (this.inPart > 0) this.endPart();
    return `${this.whole.digest("hex")}-${this.parts}`;
  }
}

/** Hashes a file's bytes as they come: always SHA-256, for the marker, and what the source's checksum needs besides. */
export class ContentHash {
  private readonly sha256 = createHash("sha256");
  private readonly other: Hash | PartsHash | undefined;

  /** @param size of the whole file in bytes, which a git blob's id begins with */
  constructor(
    private readonly expected: Checksum | undefined,
    size: number,
  ) {
    if (expected?.kind === "gitSha1") this.other = createHash("sha1").update(`blob ${size}\0`);
    if (expected?.kind === "md5") this.other = createHash("md5");
    if (expected?.kind === "md5Parts") this.other = new PartsHash(expected.partBytes);
  }

  update(data: Buffer): void {
    this.sha256.update(data);
    this.other?.update(data);
  }

  /** Ends the hash. `matches` is true when there was nothing to compare with. */
  finish(): { readonly sha256: string; readonly found: string; readonly matches: boolean } {
    const sha256 = this.sha256.digest("hex");
    const found =
      this.other === undefined
        ? sha256
        : this.other instanceof PartsHash
          ? this.other.digest()
          : this.other.digest("hex");
    return { sha256, found, matches: this.expected === undefined || this.expected.hex === found };
  }
}

/** Feeds a file's bytes from its start. @param signal ends it */
export async function hashFile(file: string, hash: ContentHash, signal: AbortSignal): Promise<void> {
  const stream = createReadStream(file, { signal, highWaterMark: 1 << 20 });
  for await (const chunk of stream) hash.update(chunk as Buffer);
}
