/** The part of the configuration that several replicas and many people make necessary. */
import * as z from "zod";
import { filePath, int, noCredentials, text, url } from "./fields";

/** Lower case: Node gives header names so. */
const headerName = text("a header name in lower case", /^[a-z0-9-]{1,64}$/);
const roleName = text("a role name of 1 to 128 characters without spaces", /^\S{1,128}$/);

export const requestsPerMinute = int(1, 1_000_000, "requests per minute");
export const tokensPerMinute = int(1, 1_000_000_000, "tokens per minute");

/** What one user may use in a minute; what is absent comes from the user's role, else from `limits`. */
export const quota = z.strictObject({
  requestsPerMinute: requestsPerMinute.optional(),
  /** Prompt and completion tokens, as the engine counts them. */
  tokensPerMinute: tokensPerMinute.optional(),
});

export const roles = z
  .array(
    z.strictObject({
      name: roleName,
      requestsPerMinute: requestsPerMinute.optional(),
      tokensPerMinute: tokensPerMinute.optional(),
    }),
    { error: "a list of { name, requestsPerMinute?, tokensPerMinute? }" },
  )
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, { error: "roles of unique names" });

const isRedis = (u: URL): boolean => /^rediss?:$/.test(u.protocol) && u.hostname !== "" && noCredentials(u);

export const redis = z.strictObject({
  /**
   * `rediss://host:port/db` (TLS) or `redis://...`; Redis 6.2 or Valkey 7.2, or later; no credentials in it. The user needs EVAL, EVALSHA,
   * HMGET, HSET, PEXPIRE and TIME.
   */
  url: url("a redis:// or rediss:// URL without credentials", isRedis),
  /** ACL user. @default the default user */
  username: text("a user name").optional(),
  /** File with the password, read at every connect; no permission for others. */
  passwordFile: filePath.optional(),
  /** PEM of the CA that signed the server's certificate. @default the system's CAs */
  caFile: filePath.optional(),
  /** Longest wait for an answer in milliseconds (10 to 5,000): the most that a lost Redis adds to a request. @default 100 */
  commandTimeoutMs: int(10, 5000, "milliseconds").default(100),
  /**
   * While Redis cannot be asked. `failOpen`: each replica serves its share (limit / `replicas`) by itself; `failClosed`: 503.
   * @default "failOpen"
   */
  whenLost: z.enum(["failOpen", "failClosed"], { error: '"failOpen" or "failClosed"' }).default("failOpen"),
  /** Replicas of this gateway, for the share (1 to 64). @default 2 */
  replicas: int(1, 64, "replicas").default(2),
  /** Start of every key. Gateways with one prefix share quotas. @default "tokenrack" */
  keyPrefix: text("letters, digits, ':', '.', '_' or '-'", /^[\w:.-]{1,64}$/).default("tokenrack"),
});

export const actAs = z.strictObject({
  /**
   * Headers that name the person behind a request, first present one counts; believed only with a token that itself carries the
   * scope `act-as`. @default x-tokenrack-user, then Open WebUI's two (sent with ENABLE_FORWARD_USER_INFO_HEADERS)
   * @see https://docs.openwebui.com/reference/env-configuration
   */
  headers: z
    .array(headerName, { error: "a list of header names" })
    .default(["x-tokenrack-user", "x-openwebui-user-email", "x-openwebui-user-id"]),
  /** Role whose quota each such person has. @default none: the numbers in `limits` */
  role: roleName.optional(),
});

export const maintenance = z.strictObject({
  /** The engine is announced down: every call that needs it is answered 503. Read again while running. @default false */
  enabled: z.boolean({ error: "true or false" }).default(false),
  /** The same while this file exists (looked at each second). */
  file: filePath.optional(),
  /** Seconds in Retry-After (1 to 86,400). @default 60 */
  retryAfterSeconds: int(1, 86_400, "seconds").default(60),
  /** What clients read. */
  message: text("a sentence of 1 to 512 characters").default(
    "The models are down for a planned upgrade; try again later.",
  ),
});
