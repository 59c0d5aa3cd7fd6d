import * as z from "zod";
import { filePath, int, isHttp, isProxyRange, isSafe, noCredentials, text, url } from "./fields";
import { actAs, maintenance, redis, requestsPerMinute, roles, tokensPerMinute } from "./sharingConfig";

const host = text("an address to bind, such as 127.0.0.1 or 0.0.0.0", /^[A-Za-z0-9.:-]{1,253}$/);
const listen = z.strictObject({ host: host.default("127.0.0.1"), port: int(0, 65535, "TCP port; 0 takes a free one") });

const routePrefix = text('"/", or a path like "/small"', /^\/(?:[a-z0-9][\w.-]*(?:\/[a-z0-9][\w.-]*)*)?$/i);

const upstream = z.strictObject({
  /** Where the Serve app answers, e.g. `http://llm-serve-svc:8000`; a path prefix is kept. No credentials in it. */
  url: url("an http(s) URL without credentials or query", (u) => isHttp(u) && noCredentials(u)),
  /**
   * Route prefix below `url` by model id, where each model is an application of its own; other models are then unknown, and
   * GET /v1/models lists these. @default all models at `url`, which the engine lists
   */
  routes: z
    .record(text("a served model id", /^[A-Za-z0-9][\w.:/@+-]{0,255}$/), routePrefix, {
      error: "a map of model ids to route prefixes",
    })
    .optional(),
  /** Milliseconds to open a connection (100 to 60,000). @default 5000 */
  connectTimeoutMs: int(100, 60_000, "milliseconds").default(5000),
  /**
   * Milliseconds from request to response headers (1,000 to 3,600,000). An answer that is not streamed sends its headers
   * when the whole generation is done, so this bounds it. @default 600000, the openai clients' own timeout
   */
  headersTimeoutMs: int(1000, 3_600_000, "milliseconds").default(600_000),
  /** Milliseconds of silence inside an answer (1,000 to 3,600,000) before the stream is given up. @default 120000 */
  idleTimeoutMs: int(1000, 3_600_000, "milliseconds").default(120_000),
  /**
   * Milliseconds of silence in a stream (100 to 600,000) after which the client gets an SSE comment, so that no proxy on the way gives
   * it up. @default 15000: nginx gives up after 60 s, a CDN after 100 s
   */
  commentEveryMs: int(100, 600_000, "milliseconds").default(15_000),
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
  /** Claim with a role or a list of them (groups); the first of `roles` that is in it gives the quota. */
  roleClaim: text("a claim name").optional(),
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
  /** Requests one subject may have open in one replica (1 to 10,000). @default 16 */
  concurrencyPerSubject: int(1, 10_000, "requests in flight").default(16),
  /** Requests one subject may start in a minute (1 to 1,000,000), unless its role or its own entry says else. @default 600 */
  requestsPerMinute: requestsPerMinute.default(600),
  /**
   * Prompt and completion tokens of one subject in a minute (1 to 1,000,000,000), unless its role or its own entry says else. They
   * count in the minute in which their request started: reserved by an estimate then, settled by the engine's count at the end;
   * what was used over the limit is owed in the next minutes. @default no bound
   */
  tokensPerMinute: tokensPerMinute.optional(),
  /** Tokens reserved for an answer whose request names no `max_tokens` (1 to 1,000,000). @default 1024 */
  assumedTokens: int(1, 1_000_000, "tokens").default(1024),
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
     * First signs, all verify (0 to 4; [] only with `oidc` or `signingKeysDir`). The files are read again within 2 s of a change;
     * the list itself is not. Rotation without a failed request, one rollout each: [old], [old, new], [new, old], and after a
     * token lifetime [new].
     */
    signingKeys: z.array(signingKey, { error: "a list of { file, kid? }" }).max(4, { error: "at most 4 keys" }),
    /**
     * With `signingKeys: []`: a directory (a Secret's mount) of 1 to 4 `*.pem`. `signing.pem` signs, all verify; read again within
     * 2 s of a change. Rotation without a restart or a failed request: put the new key at `signing.pem` and the old one at
     * `previous.pem` in one change; after `keySettleSeconds` and a token lifetime take `previous.pem` away. A key that is taken away
     * is refused at once.
     */
    signingKeysDir: filePath.optional(),
    /**
     * Seconds (0 to 3,600) in which a key that appears while we run only verifies, so that every replica has it before one signs
     * with it. @default 120, over the kubelet's sync of Secrets (60 s and its cache)
     * @see https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod
     */
    keySettleSeconds: int(0, 3600, "seconds").default(120),
    /** Also accept tokens of an external OIDC issuer (Dex, Keycloak). */
    oidc: oidc.optional(),
    /**
     * JSON `{ users: [{ name, passwordHash, scopes, models, role?, quota? }] }`, no permission for others. Read again within 2 s of a
     * change; from then on a removed user's tokens are refused and changed scopes, models and quotas hold. Optional only with `oidc`.
     */
    usersFile: filePath.optional(),
    limits: limits.prefault({}),
    /** Quotas by role, in order of precedence. @default [] */
    roles: roles.default([]),
    /** Where replicas share quotas. @default none: each replica counts alone */
    redis: redis.optional(),
    /** Who may speak for others, and how: a chat UI with one token for all its people. */
    actAs: actAs.prefault({}),
    maintenance: maintenance.prefault({}),
    login: login.prefault({}),
    readiness,
    /** Addresses or CIDR ranges whose X-Forwarded-For is believed. @default [] (the socket's address counts) */
    trustedProxies: z
      .array(z.string().refine(isProxyRange, { error: "an IP address or CIDR range, never /0" }))
      .default([]),
    /** Browser origins that may call the API. @default [] (no CORS headers at all) */
    corsOrigins: z.array(origin, { error: `a list, each ${originNeeded}` }).default([]),
    /** Subjects that have usage series of their own; later ones count as "other" (0 to 100,000; 0: no such series). @default 1000 */
    metricSubjects: int(0, 100_000, "subjects").default(1000),
    /** Own listener for /metrics, open to whoever reaches it. Without it the main listener serves it to scope `admin`. */
    metrics: listen.optional(),
    /** Seconds from SIGTERM until no new connection is taken (0 to 300): balancers take that long to notice. @default 0 */
    drainDelaySeconds: int(0, 300, "seconds").default(0),
    /**
     * Seconds that open requests then get to end (0 to 3,600). Together with the delay it must be below the pod's grace period.
     * @default 25, below Kubernetes' 30 s
     */
    shutdownSeconds: int(0, 3600, "seconds").default(25),
    /** Least level of log lines on stderr. No level logs prompts, passwords or tokens. @default "info" */
    logLevel: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(", ")}` }).default("info"),
  })
  .superRefine((config, context) => {
    const need = (path: PropertyKey[], message: string): void => context.addIssue({ code: "custom", path, message });
    const role = config.actAs.role;
    if (role !== undefined && !config.roles.some(({ name }) => name === role))
      need(["actAs", "role"], "the name of one of roles");
    if (config.signingKeysDir !== undefined && config.signingKeys.length > 0)
      need(["signingKeysDir"], "either signingKeys or signingKeysDir");
    const { routes } = config.upstream;
    if (routes !== undefined && !Object.hasOwn(routes, config.readiness.model))
      need(["readiness", "model"], "one of upstream.routes");
    if (config.oidc) return;
    if (config.signingKeysDir === undefined && config.signingKeys.length === 0)
      need(["signingKeys"], "at least one signing key (or oidc)");
    if (config.usersFile === undefined) need(["usersFile"], "a users file (or oidc)");
  });

/** What a configuration file may say (defaults may be left out). */
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>;

/** The same with every default filled in. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
