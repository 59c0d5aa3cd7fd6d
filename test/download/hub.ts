/** A model hub on loopback: Hugging Face's, ModelScope's and S3's HTTP as the downloader meets them, with faults on demand. */
import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkSignature, type Keys } from "./sigv4";

export const REPO = "acme/tiny";
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
export const BUCKET = "models";

const hex = (algorithm: string, data: Buffer | string): string => createHash(algorithm).update(data).digest("hex");
export const sha256 = (data: Buffer): string => hex("sha256", data);
export const gitSha1 = (data: Buffer): string =>
  createHash("sha1").update(`blob ${data.length}\0`).update(data).digest("hex");

/** Bytes that are not all alike, the same on each call. */
export function bytesOf(seed: string, length: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  /** The file that was asked for, when it was one. */
  readonly path?: string;
  /** Where the asked range starts; 0 without one. */
  readonly start: number;
  /** Bytes of the body that were written. */
  sent: number;
}

/** What goes wrong with one answer; without anything it is right. */
export interface Mishap {
  /** Ends the connection when the file's bytes up to here were sent. */
  readonly cutAt?: number;
  /** Sends this byte of the file wrong. */
  readonly flipAt?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answers 200 with everything, whatever range was asked for. */
  readonly ignoreRange?: boolean;
  /** Answers ranges with 206 even when If-Range does not match. */
  readonly ignoreIfRange?: boolean;
  /** Answers ranges with 200 and a Content-Range, as ModelScope does. */
  readonly status200?: boolean;
  readonly etag?: string;
  /** Stops for this long after each 64 KiB. */
  readonly pauseMs?: number;
  /** Called when this many bytes were sent. */
  readonly atByte?: readonly [number, () => void];
  /** Stops for good after this byte, and keeps the connection. */
  readonly hangAt?: number;
}

export class FakeHub {
  readonly files = new Map<string, Buffer>();
  readonly seen: Seen[] = [];
  /** Called for each file request. */
  mishap: (seen: Seen) => Mishap | undefined = () => undefined;
  /** Called for each other request; true when it was answered. */
  answer: (seen: Seen, response: ServerResponse) => boolean = () => false;
  pageSize = 1000;
  /** Etag of a file; the CDN's, which is not its checksum. */
  etagOf = (path: string): string => `"${hex("md5", this.files.get(path) ?? "").slice(0, 20)}-cdn"`;
  /** Where large files are redirected to. */
  cdn: FakeHub | undefined;
  /** When set, S3 requests must be signed with them. */
  keys: Keys | undefined;
  /** Multipart uploads: part size by path. */
  readonly partBytes = new Map<string, number>();
  readonly s3Headers = new Map<string, Record<string, string>>();
  latestCommitter: object | null = { Id: "", ShortId: COMMIT.slice(0, 8) };

  private constructor(private readonly server: Server) {}

  /** @param address where it listens: loopback, or a network namespace of one's own @param port 0 for a free one */
  static async start(address = "127.0.0.1", port = 0): Promise<FakeHub> {
    const server = createServer();
    const hub = new FakeHub(server);
    server.on("request", (request, response) => void hub.handle(request, response));
    server.listen(port, address);
    await once(server, "listening");
    return hub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** Forgets files, requests and mishaps. */
  reset(): void {
    this.files.clear();
    this.seen.length = 0;
    this.mishap = () => undefined;
    this.answer = () => false;
    this.pageSize = 1000;
    this.cdn = undefined;
    this.keys = undefined;
    this.partBytes.clear();
    this.s3Headers.clear();
    this.etagOf = (path) => `"${hex("md5", this.files.get(path) ?? "").slice(0, 20)}-cdn"`;
    this.latestCommitter = { Id: "", ShortId: COMMIT.slice(0, 8) };
  }

  /** Requests for a file's bytes, here or at the CDN. */
  gets(path: string): Seen[] {
    return [...this.seen, ...(this.cdn?.seen ?? [])].filter(
      (seen) => seen.path === path && seen.method === "GET" && seen.sent >= 0,
    );
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const path = this.fileOf(url);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const { method = "GET", headers } = request;
    const seen: Seen = { method, url, headers, start, sent: 0, ...(path === undefined ? {} : { path }) };
    this.seen.push(seen);
    response.on("error", () => undefined);
    if (this.keys !== undefined && !checkSignature(request, this.keys))
      return this.plain(response, 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>");
    if (this.answer(seen, response)) return;
    if (path === undefined) return this.api(url, response);
    const file = this.files.get(path);
    if (file === undefined) return this.plain(response, 404, "nothing");
    if (this.cdn !== undefined && path.endsWith(".safetensors") && url.pathname.includes("/resolve/")) {
      seen.sent = -1;
      response.writeHead(302, { location: `${this.cdn.url}/cdn/${path}?signature=secret` });
      response.end();
      return;
    }
    if (method === "HEAD") return this.head(path, file, seen, response);
    await this.send(seen, file, this.mishap(seen) ?? {}, response);
  }

  private fileOf(url: URL): string | undefined {
    const { pathname, searchParams } = url;
    const name =
      /^\/acme\/tiny\/resolve\/[^/]+\/(.+)$/.exec(pathname)?.[1] ??
      /^\/cdn\/(.+)$/.exec(pathname)?.[1] ??
      (pathname.startsWith(`/${BUCKET}/`) && pathname.length > BUCKET.length + 2
        ? pathname.slice(BUCKET.length + 2).replace(/^tiny\//, "")
        : undefined);
    if (name !== undefined) return decodeURIComponent(name);
    return /\/repo$/.test(pathname) ? (searchParams.get("FilePath") ?? undefined) : undefined;
  }

  plain(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
    response.writeHead(status, headers);
    response.end(text);
  }

  private api(url: URL, response: ServerResponse): void {
    const { pathname, searchParams } = url;
    const json = (value: unknown, headers: Record<string, string> = {}): void =>
      this.plain(response, 200, JSON.stringify(value), { "content-type": "application/json", ...headers });
    const at = Number(searchParams.get("cursor") ?? searchParams.get("continuation-token") ?? 0);
    const all = [...this.files];
    const entries = all.slice(at, at + this.pageSize);
    const next = at + this.pageSize < all.length ? at + this.pageSize : undefined;
    if (pathname.startsWith(`/api/models/${REPO}/revision/`)) return json({ sha: COMMIT });
    if (pathname.startsWith(`/api/models/${REPO}/tree/`)) {
      const link = `<${this.url}${pathname}?recursive=true&cursor=${next}>; rel="next"`;
      return json(entries.map(hfEntry), next === undefined ? {} : { link });
    }
    if (pathname === `/api/v1/models/${REPO}/repo/files`) {
      const known = ["master", "v1", COMMIT].includes(searchParams.get("Revision") ?? "");
      const Files = known ? [{ Path: "sub", Type: "tree", Size: 0 }, ...all.map(msEntry)] : null;
      return json({ Code: 200, Success: true, Data: { Files, LatestCommitter: this.latestCommitter } });
    }
    if (pathname === `/${BUCKET}/` && searchParams.get("list-type") === "2")
      return this.plain(response, 200, this.s3Listing(entries, next), { "content-type": "application/xml" });
    return this.plain(response, 404, "no such page");
  }

  s3Etag(path: string): string {
    const data = this.files.get(path) ?? Buffer.alloc(0);
    const part = this.partBytes.get(path);
    if (part === undefined) return hex("md5", data);
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length; at += part)
      parts.push(
        createHash("md5")
          .update(data.subarray(at, at + part))
          .digest(),
      );
    return `${createHash("md5").update(Buffer.concat(parts)).digest("hex")}-${parts.length}`;
  }

  private s3Listing(entries: [string, Buffer][], next: number | undefined): string {
    const form = (text: string): string => encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/");
    const objects = entries.map(
      ([path, data]) =>
        `<Contents><Key>${form(`tiny/${path}`)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
        `<ETag>&quot;${this.s3Etag(path)}&quot;</ETag><Size>${data.length}</Size></Contents>`,
    );
    const more = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
    return (
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>` +
      `<IsTruncated>${next !== undefined}</IsTruncated>${more}<Contents><Key>tiny/</Key><Size>0</Size></Contents>${objects.join("")}</ListBucketResult>`
    );
  }

  private head(path: string, data: Buffer, { url, headers }: Seen, response: ServerResponse): void {
    const part = url.searchParams.has("partNumber") ? this.partBytes.get(path) : undefined;
    const known = Object.entries(this.s3Headers.get(path) ?? {});
    // S3 tells a checksum only to who asks for it.
    const told = known.filter(([name]) => headers["x-amz-checksum-mode"] === "ENABLED" || !/checksum/.test(name));
    response.writeHead(part === undefined ? 200 : 206, {
      "content-length": String(Math.min(data.length, part ?? data.length)),
      etag: `"${this.s3Etag(path)}"`,
      ...Object.fromEntries(told),
    });
    response.end();
  }

  private async send(seen: Seen, file: Buffer, mishap: Mishap, response: ServerResponse): Promise<void> {
    const { path = "" } = seen;
    if (mishap.status !== undefined)
      return this.plain(response, mishap.status, mishap.body ?? "", { ...mishap.headers });
    const etag =
      mishap.etag ?? (seen.url.pathname.startsWith(`/${BUCKET}/`) ? `"${this.s3Etag(path)}"` : this.etagOf(path));
    const condition = seen.headers["if-range"];
    const whole =
      mishap.ignoreRange === true || (condition !== undefined && condition !== etag && mishap.ignoreIfRange !== true);
    const start = whole ? 0 : seen.start;
    if (start > 0 && start >= file.length)
      return this.plain(response, 416, "", { "content-range": `bytes */${file.length}` });
    const headers: Record<string, string> = { "content-length": String(file.length - start), etag, ...mishap.headers };
    const ranged = start > 0;
    if (ranged) headers["content-range"] = `bytes ${start}-${file.length - 1}/${file.length}`;
    response.writeHead(ranged && mishap.status200 !== true ? 206 : 200, headers);
    const data = Buffer.from(file);
    if (mishap.flipAt !== undefined) data[mishap.flipAt] = (data[mishap.flipAt] ?? 0) ^ 1;
    const end = Math.min(data.length, mishap.cutAt ?? data.length, mishap.hangAt ?? data.length);
    for (let at = start; at < end;) {
      const to = Math.min(at + 65_536, end);
      const piece = data.subarray(at, to);
      const flushed = new Promise<boolean>((done) => response.write(piece, (error) => done(error == null)));
      if (!(await flushed)) return;
      if (mishap.atByte !== undefined && at <= mishap.atByte[0] && to > mishap.atByte[0]) mishap.atByte[1]();
      seen.sent += piece.length;
      at = to;
      if (mishap.pauseMs !== undefined) await new Promise((done) => setTimeout(done, mishap.pauseMs));
    }
    if (mishap.hangAt !== undefined) return;
    if (end < data.length) response.socket?.end();
    else response.end();
  }
}

function hfEntry([path, data]: [string, Buffer]): object {
  const lfs = path.endsWith(".json") ? {} : { lfs: { oid: sha256(data), size: data.length, pointerSize: 134 } };
  return { type: "file", path, size: data.length, oid: gitSha1(data), ...lfs };
}

function msEntry([Path, data]: [string, Buffer]): object {
  return { Path, Name: Path, Type: "blob", Size: data.length, Sha256: sha256(data), IsLFS: true, Revision: COMMIT };
}
