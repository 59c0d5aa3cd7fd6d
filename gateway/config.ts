import { isIP } from "node:net";
import * as z from "zod";

/** A whole number in a range; the range and unit are the error text, so that every fault says what is needed. */
function int(min: number, max: number, unit: string): z.ZodNumber {
  const error = `a whole number from ${min} to ${max} (${unit})`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

function text(needed: string, pattern = /^.{1,512}$/): z.ZodString {
  return z.string({ error: needed }).regex(pattern, { error: needed });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function url(needed: string, accept: (url: URL) => boolean): z.ZodString {
  const check = (value: string): boolean => URL.canParse(value) && accept(new URL(value));
  return z.string({ error: needed }).refine(check, { error: needed });
}

const noCredentials = (u: URL): boolean => u.username === "" && u.password === "" && u.search === "" && u.hash === "";
const isHttp = (u: URL): boolean => u.protocol === "http:" || u.protocol === "https:";
/** Plain http only where nobody can listen in. */
const isSafe = (u: URL): boolean => u.protocol === "https:" || (u.protocol === "http:" && isLoopback(u.hostname));

function isProxyRange(value: string): boolean {
  const [address = "", bits, rest] = value.split("/");
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  if (most === 0 || rest !== undefined) return false;
  // A /0 would believe every client's X-Forwarded-For (CVE-2026-76835 was such a default).
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
}

const host = text("an address to bind, such as 127.0.0.1 or 0.0.0.0", /^[A-Za-z0-9.:-]{1,253}$/);
const listen = z.strictObject({ host: host.default("127.0.0.1"), port: int(0, 65535, "TCP port; 0 takes a free one") });
const filePath = text("a path to a file, relative to the configuration file or absolute", /^[^\n\0]{1,1024}$/);

const upstream = z.strictObject({
  /** Where the Serve app answers, e.g. `http://llm-serve-svc:8000`; a path prefix is kept. No credentials in it. */
  url: url("an http(s) URL without credentials or query", (u) => isHttp(u) && noCredentials(u)),
  /** Milliseconds to open a connection (100 to 60,000). @default 5000 */
  connectTimeoutMs: int(100, 60_000, "milliseconds").default(5000),
  /**
   * Milliseconds from request to response headers (1,000 to 3,600,000). An answer that is not streamed sends its headers
   * when the whole generation is done, so this bounds it. @default 600000, the openai clients' own timeout
   */
  headersTimeoutMs: int(1000, 3_600_000, "milliseconds").default(600_000),
  /** Milliseconds of silence inside an answer (1,000 to 3,600,000) before the stream is given up. @default 120000 */
  idleTimeoutMs: int(1000, 3_600_000, "milliseconds").default(120_000),
});

const token = z.strictObject({
  /** Seconds a token lives (60 to 86,400). A removed user's token dies sooner: see usersFile. @default 3600 */
  lifetimeSeconds: int(60, 86_400, "seconds").default(3600),
  /** Seconds of clock difference forgiven at `exp` and `nbf` (0 to 60). @default 30 */
  leewaySeconds: int(0, 60, "seconds").default(30),
});

const signingKey = z.strictObject({
  /** Key id in the token header. @default the RFC 7638 thumbprint */
  kid: text("1 to 128 letters, digits, '.', '_' or '-'", /^[\w.-]{1,128}$/).optional(),
  /** PKCS#8 PEM with an Ed25519 private key; no permission for others (mode 0600 or 0440). */
  file: filePath,
});

const oidc = z.strictObject({
  /** `iss` of the external issuer, exactly as in its tokens. */
  issuer: url("an https URL (http only on loopback)", isSafe),
  /** Where its keys are; fetched when needed, cached 10 min, fetched again for an unknown kid (at most each 30 s). */
  jwksUri: url("an https URL (http only on loopback)", isSafe),
  /** `aud` its tokens must carry. */
  audience: text("the audience that the issuer's tokens carry"),
  /** Claim with the scopes: space-separated text or a list. Names that are not scopes of ours are ignored. @default "scope" */
  scopeClaim: text("a claim name").default("scope"),
  /** Claim with the allowed model ids, or "*". Without this key every model is allowed; with it, no claim means none. */
  modelsClaim: text("a claim name").optional(),
});

const limits = z.strictObject({
  /** Bytes of a request body (1,024 to 67,108,864); above it 413. @default 4194304 (4 MiB) */
  bodyBytes: int(1024, 67_108_864, "bytes").default(4_194_304),
  /** Choices per request: `n`, `best_of`, and prompts times `n` (1 to 128). @default 8 */
  n: int(1, 128, "choices per request").default(8),
  /**
   * Tokens a client may ask for by `max_tokens` and its kin (1 to 1,000,000). A request that names no number is bounded by the
   * engine (`max_model_len`, or `max_new_tokens` in its `--override-generation-config`). @default 16384
   */
  maxTokens: int(1, 1_000_000, "tokens").default(16_384),
  /** Requests one subject may have open (1 to 10,000). @default 16 */
  concurrencyPerSubject: int(1, 10_000, "requests in flight").default(16),
  /** Requests one subject may start in a minute (1 to 1,000,000). @default 600 */
  requestsPerMinute: int(1, 1_000_000, "requests per minute").default(600),
  /**
   * Prompt and completion tokens of one subject in a minute (1 to 1,000,000,000), counted when an answer ends. A stream without
   * `stream_options.include_usage` counts its chunks, unless the engine is told to always report usage. @default no bound
   */
  tokensPerMinute: int(1, 1_000_000_000, "tokens per minute").optional(),
  /** Requests open in this gateway, all subjects together (1 to 10,000); above it 429 at once. @default 512 */
  inFlight: int(1, 10_000, "requests in flight").default(512),
});

const login = z.strictObject({
  /** Failed logins for one username, known or not, before 429 (1 to 1,000). @default 10 */
  failuresPerUser: int(1, 1000, "failures").default(10),
  /** Failed logins from one client address (an IPv6 /64 is one) before 429 (1 to 10,000). @default 50 */
  failuresPerAddress: int(1, 10_000, "failures").default(50),
  /** Seconds until failures are forgotten (1 to 86,400). @default 300 */
  windowSeconds: int(1, 86_400, "seconds").default(300),
});

const readiness = z.strictObject({
  /** Model id that the 1-token probe asks for; it must complete text (`/v1/completions`). */
  model: text("a served model id"),
  /** Seconds for which a generation that worked proves the engine alive (1 to 3,600). @default 60 */
  freshSeconds: int(1, 3600, "seconds").default(60),
  /** Seconds the probe may take (1 to 300). @default 10 */
  probeTimeoutSeconds: int(1, 300, "seconds").default(10),
});

const originNeeded = 'an exact origin such as "https://chat.example.org", no path, never "*"';
const origin = z
  .string({ error: originNeeded })
  .refine((v) => URL.canParse(v) && isSafe(new URL(v)) && new URL(v).origin === v, { error: originNeeded });

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Every key of the gateway's configuration file (YAML or JSON), strict: an unknown key is a fault. */
export const gatewayConfigSchema = z
  .strictObject({
    /** Main listener. Host @default "127.0.0.1"; port 0 takes a free one. */
    listen,
    upstream,
    /** `iss` of the tokens that POST /token gives. */
    issuer: text("the issuer name in our tokens, such as the gateway's public URL"),
    /** `aud` of the same. */
    audience: text("the audience name in our tokens"),
    token: token.prefault({}),
    /**
     * First signs, all verify (0 to 4; 0 only with `oidc`). Rotation without a failed request, one rollout each: [old],
     * [old, new], [new, old], and after a token lifetime [new].
     */
    signingKeys: z.array(signingKey, { error: "a list of { file, kid? }" }).max(4, { error: "at most 4 keys" }),
    /** Also accept tokens of an external OIDC issuer (Dex, Keycloak). */
    oidc: oidc.optional(),
    /**
     * JSON `{ users: [{ name, passwordHash, scopes, models }] }`, no permission for others. Read again within 2 s of a change;
     * from then on a removed user's tokens are refused and changed scopes and models hold. Optional only with `oidc`.
     */
    usersFile: filePath.optional(),
    limits: limits.prefault({}),
    login: login.prefault({}),
    readiness,
    /** Addresses or CIDR ranges whose X-Forwarded-For is believed. @default [] (the socket's address counts) */
    trustedProxies: z
      .array(z.string().refine(isProxyRange, { error: "an IP address or CIDR range, never /0" }))
      .default([]),
    /** Browser origins that may call the API. @default [] (no CORS headers at all) */
    corsOrigins: z.array(origin, { error: `a list, each ${originNeeded}` }).default([]),
    /** Own listener for /metrics, open to whoever reaches it. Without it the main listener serves it to scope `admin`. */
    metrics: listen.optional(),
    /** Seconds that open requests get to end after SIGTERM (0 to 3,600). @default 25, below Kubernetes' 30 s grace */
    shutdownSeconds: int(0, 3600, "seconds").default(25),
    /** Least level of log lines on stderr. No level logs prompts, passwords or tokens. @default "info" */
    logLevel: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(", ")}` }).default("info"),
  })
  .superRefine((config, context) => {
    if (config.oidc) return;
    const need = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    if (config.signingKeys.length === 0) need("signingKeys", "at least one signing key (or oidc)");
    if (config.usersFile === undefined) need("usersFile", "a users file (or oidc)");
  });

/** What a configuration file may say (defaults may be left out). */
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>;

/** The same with every default filled in. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
