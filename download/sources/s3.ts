import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { Checksum } from "../checksum";
import type { SourceConfig } from "../config";
import { Transient, UserFault } from "../faults";
import { discard, type Answer, type Ask } from "../http";
import { encodePart, encodePath } from "../names";
import { explainS3 } from "./s3Faults";
import { parseListing, type S3Object } from "./s3Xml";
import type { Listing, RemoteFile, Source, SourceTools } from "./source";

type S3Config = Extract<SourceConfig, { kind: "s3" | "oss" }>;

/** Lists `sha256sum` lines for the files beside it; made by `sha256sum * > SHA256SUMS` before the upload. */
const SUMS = "SHA256SUMS";
/** Pages of 1,000 objects that are read: far above any model, and an end for a prefix that was meant otherwise. */
const MOST_PAGES = 100;

const unquoted = (etag: string | undefined): string => (etag ?? "").replace(/^"|"$/g, "").toLowerCase();

/** `<hex>  name` or `<hex> *name`, as sha256sum writes them. */
function parseSums(text: string): Map<string, string> {
  const lines = text.matchAll(/^([0-9a-fA-F]{64}) [ *](?:\.\/)?(.+?)\r?$/gm);
  return new Map([...lines].map(([, hex = "", name = ""]) => [name, hex.toLowerCase()]));
}

/** A digest of what a bucket lists: stands for the commit that it does not have. */
function digestOf(files: readonly RemoteFile[]): string {
  const lines = files.map(({ path, size, etag }) => `${path}\0${size}\0${etag ?? ""}\n`).sort();
  return `listing-${createHash("sha256").update(lines.join("")).digest("hex")}`;
}

/** A full SHA-256 of the object; a multipart upload's composite one ("...-3") is over its parts. */
function sha256Of(answer: Answer): Checksum | undefined {
  const value = answer.header("x-amz-checksum-sha256");
  if (value === undefined || !/^[A-Za-z0-9+/]{43}=$/.test(value)) return undefined;
  if (answer.header("x-amz-checksum-type") === "COMPOSITE") return undefined;
  return { kind: "sha256", hex: Buffer.from(value, "base64").toString("hex") };
}

/** An S3 ETag is the MD5 only without KMS or customer keys. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
function md5Allowed(answer: Answer): boolean {
  const encryption = answer.header("x-amz-server-side-encryption");
  const customer = answer.header("x-amz-server-side-encryption-customer-algorithm");
  return customer === undefined && (encryption === undefined || encryption === "AES256");
}

/**
 * A model in a bucket of S3, MinIO, Ceph, or OSS by its S3 interface. Whether a service honours If-Range is not relied on:
 * each answer's ETag is compared with the listing's.
 */
class S3Source implements Source {
  readonly title: string;
  private readonly base: URL;
  private readonly prefix: string;
  private sums = new Map<string, string>();

  constructor(
    private readonly config: S3Config,
    private readonly tools: SourceTools,
  ) {
    const { bucket, prefix } = config;
    const endpoint = new URL(config.endpoint);
    const pathStyle = config.kind === "s3" && config.pathStyle;
    this.base = new URL(
      pathStyle ? `${endpoint.origin}/${bucket}` : `${endpoint.protocol}//${bucket}.${endpoint.host}`,
    );
    // "models/qwen3" is a directory, and not also the beginning of models/qwen3-8b.
    this.prefix = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    this.title = `${bucket}/${this.prefix} on ${endpoint.host}`;
  }

  private credentials(): { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined {
    const { secret } = this.tools;
    const [accessKeyId, secretAccessKey] = [secret("accessKeyId"), secret("secretAccessKey")];
    const sessionToken = secret("sessionToken");
    if (accessKeyId !== undefined && secretAccessKey !== undefined)
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
    throw new UserFault({
      path: "secretDirectory",
      found: `only ${accessKeyId === undefined ? "secretAccessKey" : "accessKeyId"} in the Secret`,
      needed: "accessKeyId and secretAccessKey, or neither for a public bucket",
      fix: "add the other one",
    });
  }

  readonly explain: Source["explain"] = (refusal) => explainS3(this.config, this.credentials() !== undefined, refusal);

  /** `extra` are x-amz headers, which the signature must cover. */
  private ask(key: string, query: string, method: "GET" | "HEAD", extra: Readonly<Record<string, string>> = {}): Ask {
    const root = this.base.pathname.replace(/\/$/, "");
    const url = new URL(`${this.base.origin}${root}/${encodePath(key)}${query}`);
    const authorize: Ask["authorize"] = async (to, verb) => {
      const credentials = this.credentials();
      if (credentials === undefined) return extra;
      const { region } = this.config;
      const signer = new AwsV4Signer({
        url: to.href,
        method: verb,
        headers: extra,
        ...credentials,
        region,
        service: "s3",
      });
      return Object.fromEntries((await signer.sign()).headers);
    };
    return { url, method, authorize };
  }

  private async page(token: string | undefined): Promise<{ objects: readonly S3Object[]; next?: string }> {
    const more = token === undefined ? "" : `&continuation-token=${encodePart(token)}`;
    const query = `?list-type=2&encoding-type=url&max-keys=1000&prefix=${encodePart(this.prefix)}${more}`;
    const { http, pacer } = this.tools;
    return pacer.persist(this.title, async () => {
      const answer = await http.ask(this.ask("", query, "GET"), this.explain);
      const page = parseListing(await http.text(answer));
      if (page === undefined) throw new Transient(`${this.title}: an answer that is not in the form of ListObjectsV2`);
      return page;
    });
  }

  async list(): Promise<Listing> {
    const files: RemoteFile[] = [];
    let token: string | undefined;
    for (let pages = 0; pages === 0 || token !== undefined; pages += 1) {
      if (pages === MOST_PAGES)
        throw new UserFault({
          path: "source.prefix",
          found: `more than ${MOST_PAGES * 1000} objects`,
          needed: "the directory of one model",
          fix: "name the model's own prefix",
        });
      const { objects, next } = await this.page(token);
      for (const { key, size, etag } of objects)
        // A key that ends in a slash is a console's folder.
        if (key.startsWith(this.prefix) && !key.endsWith("/"))
          files.push({ path: key.slice(this.prefix.length), size, ...(etag === undefined ? {} : { etag }) });
      token = next;
    }
    if (files.some(({ path }) => path === SUMS)) await this.readSums();
    return { revision: digestOf(files), files };
  }

  private async readSums(): Promise<void> {
    const { http, pacer } = this.tools;
    this.sums = await pacer.persist(`${this.title}${SUMS}`, async () =>
      parseSums(await http.text(await http.ask(this.ask(this.prefix + SUMS, "", "GET"), this.explain))),
    );
  }

  private head(file: RemoteFile, query: string): Promise<Answer> {
    const { http, pacer } = this.tools;
    const extra = { "x-amz-checksum-mode": "ENABLED" };
    return pacer.persist(file.path, async () => {
      const answer = await http.ask(this.ask(this.prefix + file.path, query, "HEAD", extra), this.explain);
      discard(answer);
      return answer;
    });
  }

  async complete(file: RemoteFile): Promise<RemoteFile> {
    const sum = this.sums.get(file.path);
    if (sum !== undefined) return { ...file, checksum: { kind: "sha256", hex: sum } };
    const answer = await this.head(file, "");
    const checksum = sha256Of(answer) ?? (md5Allowed(answer) ? await this.fromEtag(file) : undefined);
    return checksum === undefined ? file : { ...file, checksum };
  }

  private async fromEtag(file: RemoteFile): Promise<Checksum | undefined> {
    const etag = unquoted(file.etag);
    if (/^[0-9a-f]{32}$/.test(etag)) return { kind: "md5", hex: etag };
    const parts = Number(/^[0-9a-f]{32}-(\d{1,5})$/.exec(etag)?.[1] ?? 0);
    if (parts === 0) return undefined;
    // All parts but the last have one size with every uploader that we know; the first part tells it.
    const first = await this.head(file, "?partNumber=1");
    const partBytes = Number(first.header("content-length") ?? 0);
    if (partBytes <= 0 || Math.ceil(file.size / partBytes) !== parts) return undefined;
    return { kind: "md5Parts", hex: etag, partBytes };
  }

  locate({ path }: RemoteFile): Ask {
    return this.ask(this.prefix + path, "", "GET");
  }
}

/** A model below a prefix of a bucket. */
export const s3 = (config: S3Config, tools: SourceTools): Source => new S3Source(config, tools);
