import * as z from "zod";
import { PICKLES } from "./names";

/** A whole number in a range; the range and unit are the error text, so that every fault says what is needed. */
function int(min: number, max: number, unit: string): z.ZodNumber {
  const error = `a whole number from ${min} to ${max} (${unit})`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

function seconds(min: number, max: number): z.ZodNumber {
  const error = `a number from ${min} to ${max} (seconds)`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

function text(needed: string, pattern: RegExp): z.ZodString {
  return z.string({ error: needed }).regex(pattern, { error: needed });
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

const bare = (url: URL): boolean => url.username === "" && url.password === "" && url.search === "" && url.hash === "";
const http = (url: URL): boolean => url.protocol === "https:" || url.protocol === "http:";
/** Without a checksum from elsewhere, only TLS says that the listing is the hub's; a token needs it in any case. */
const safe = (url: URL): boolean => url.protocol === "https:" || (http(url) && isLoopback(url.hostname));

const url = (needed: string, accept: (url: URL) => boolean): z.ZodString =>
  z.string({ error: needed }).refine((value) => URL.canParse(value) && accept(new URL(value)), { error: needed });

const hubUrl = url("an https URL without credentials or query (http only on loopback)", (u) => safe(u) && bare(u));
const s3Url = url("an http(s) URL without path, credentials or query", (u) => http(u) && bare(u) && u.pathname === "/");

const repo = text('an id such as "Qwen/Qwen3-8B"', /^(?!.*(\.\.|--))[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/);
const revision = text(
  "a commit of 40 hex digits or a tag: 1 to 128 letters, digits and . _ - /",
  /^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,127}$/,
);
const bucket = text(
  "a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens",
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
);
const region = text('a region such as "us-east-1" or "cn-hangzhou"', /^[a-z0-9-]{1,64}$/);
const prefix = text("a key prefix without leading slash, such as models/qwen3-8b/", /^(?!\/)[^\0-\x1f]{0,1000}$/);

const huggingface = z.strictObject({
  kind: z.literal("huggingface"),
  repo,
  /** A tag or branch is resolved to a commit once, before the first byte, and the commit is recorded. */
  revision,
  /** @default "https://huggingface.co" */
  endpoint: hubUrl.default("https://huggingface.co"),
});

const modelscope = z.strictObject({
  kind: z.literal("modelscope"),
  repo,
  /** As for Hugging Face, where ModelScope tells the commit. */
  revision,
  /** @default "https://modelscope.cn" */
  endpoint: hubUrl.default("https://modelscope.cn"),
});

const s3 = z.strictObject({
  kind: z.literal("s3"),
  /** The service, without the bucket: `https://s3.eu-central-1.amazonaws.com`, `http://minio.minio:9000`. */
  endpoint: s3Url,
  /** As the signature names it; MinIO and Ceph take "us-east-1". */
  region,
  bucket,
  /** What stands before the model's file names. @default "", the whole bucket */
  prefix: prefix.default(""),
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`; MinIO and Ceph need it. @default false */
  pathStyle: z.boolean({ error: "true or false" }).default(false),
});

/**
 * Alibaba OSS by its S3 interface: always virtual-hosted (path style is refused there), the same V4 signature.
 * @see https://help.aliyun.com/en/oss/developer-reference/use-aws-sdks-to-access-oss
 */
const oss = s3.omit({ pathStyle: true }).extend({
  kind: z.literal("oss"),
  /** `https://s3.oss-cn-hangzhou.aliyuncs.com`, or `https://s3.oss-cn-hangzhou-internal.aliyuncs.com` inside the region. */
  endpoint: s3Url,
});

const pattern = text(
  "a pattern of file names with * and ?, such as *.safetensors or tokenizer/*",
  /^(?!\/)(?!.*\.\.)[^\0-\x1f\\]{1,200}$/,
);
const absolute = text("an absolute path without ..", /^\/(?!.*\.\.)[^\0\n]{0,1000}$/);
const relative = text(
  "a relative path below the volume without .. or hidden parts",
  /^(?!.*(^|\/)\.)[^\0\n/][^\0\n]{0,500}$/,
);

/** Weights as safetensors, and what a tokenizer, a chat template and a configuration are made of; never code. */
export const DEFAULT_ALLOW = ["*.safetensors", "*.json", "*.txt", "*.jinja", "*.model", "*.tiktoken"] as const;

/** Copies of the same weights, which some repositories keep beside the ones that vLLM loads. */
const DEFAULT_IGNORE = ["original/*", "consolidated*.safetensors"] as const;

const lock = z.strictObject({
  /** Seconds between two signs of life of the holder (0.1 to 60). @default 15 */
  renewSeconds: seconds(0.1, 60).default(15),
  /**
   * Seconds without a sign of life after which a waiter takes over (0.3 to 3,600), at least 3 times `renewSeconds`. NFS may
   * show a change up to 60 s late (acregmax). @default 120
   */
  staleSeconds: seconds(0.3, 3600).default(120),
});

const retry = z.strictObject({
  /** Milliseconds of the first back-off (10 to 60,000); each next one is twice as long, with jitter. @default 1000 */
  firstMilliseconds: int(10, 60_000, "milliseconds").default(1000),
  /** Longest back-off in milliseconds (10 to 600,000). @default 60000 */
  mostMilliseconds: int(10, 600_000, "milliseconds").default(60_000),
  /** Failures in a row, without a new byte, after which the program exits 75 (1 to 100). @default 8 */
  attempts: int(1, 100, "attempts").default(8),
  /** Longest Retry-After that is waited for, in seconds (1 to 86,400); a longer one ends the run with 75. @default 900 */
  retryAfterSeconds: int(1, 86_400, "seconds").default(900),
});

const bytesOf = (what: string): z.ZodNumber => int(1, Number.MAX_SAFE_INTEGER, what);

/** Every key of the downloader's configuration file (JSON), strict: an unknown key is a fault. */
export const downloadConfigSchema = z
  .strictObject({
    source: z.discriminatedUnion("kind", [huggingface, modelscope, s3, oss], {
      error: "a source with kind huggingface, modelscope, s3 or oss",
    }),
    /** Mount point of the shared volume; must be there. The lock lies in it: one download at a time for each volume. */
    volume: absolute,
    /** The model's own directory, below the volume: one for each model revision. */
    directory: relative,
    /**
     * What to load. A pattern without a slash is held against the file's name in any directory, one with a slash against
     * the whole path; `*` does not cross a slash, `**` does. @default DEFAULT_ALLOW, and the pickles where allowed
     */
    allow: z.array(pattern, { error: "a list of patterns" }).min(1, { error: "at least one pattern" }).optional(),
    /** What not to load though allowed. @default original/* and consolidated*.safetensors: second copies of the weights */
    ignore: z.array(pattern, { error: "a list of patterns" }).default([...DEFAULT_IGNORE]),
    /** Load `.bin`, `.pt` and other pickles too: they run code when they are read. @default false */
    allowPickle: z.boolean({ error: "true or false" }).default(false),
    /** Load files for which the source has no checksum; their size is all that is checked. @default false */
    allowUnchecked: z.boolean({ error: "true or false" }).default(false),
    /** Bounds of the chosen files' sum, in bytes, for who knows what to expect. @default none */
    size: z
      .strictObject({ minBytes: bytesOf("bytes").optional(), maxBytes: bytesOf("bytes").optional() })
      .refine(({ minBytes = 0, maxBytes = Infinity }) => minBytes <= maxBytes, {
        error: "minBytes no larger than maxBytes",
      })
      .prefault({}),
    /**
     * A mounted Secret with `token` (Hugging Face, ModelScope), or `accessKeyId`, `secretAccessKey` and, for temporary
     * credentials, `sessionToken`. Read again for each request, so that a rotated Secret is used. @default none: public
     */
    secretDirectory: absolute.optional(),
    /** Files at the same time (1 to 16). @default 4 */
    parallel: int(1, 16, "files at the same time").default(4),
    /** What a directory that is ready is held against: the sizes in its marker, or every byte again. @default "sizes" */
    verify: z.enum(["sizes", "full"], { error: '"sizes" or "full"' }).default("sizes"),
    /** Seconds for everything, waiting for the lock included (1 to 604,800); then exit 75. @default 86400 */
    deadlineSeconds: int(1, 604_800, "seconds").default(86_400),
    /** Seconds of silence on a connection before it is given up (1 to 600). @default 60 */
    idleSeconds: int(1, 600, "seconds").default(60),
    retry: retry.prefault({}),
    lock: lock.prefault({}),
  })
  .superRefine((config, context) => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    if (config.lock.staleSeconds < 3 * config.lock.renewSeconds)
      fault(["lock", "staleSeconds"], `at least ${3 * config.lock.renewSeconds} (3 times lock.renewSeconds)`);
    if (config.allowPickle) return;
    (config.allow ?? []).forEach((entry, index) => {
      if (PICKLES.test(entry)) fault(["allow", index], "no pickles, or allowPickle: true");
    });
  });

/** What a configuration file may say (defaults may be left out). */
export type DownloadConfigInput = z.input<typeof downloadConfigSchema>;
/** The same with every default filled in. */
export type DownloadConfig = z.output<typeof downloadConfigSchema>;
export type SourceConfig = DownloadConfig["source"];
