/** The gateway's limits and users: the same on every platform. */
import * as z from "zod";
import { isOrigin } from "../forms";
import { text, whole } from "./values";

const originText = `a list of https origins like "https://chat.example.org" (http on this machine only; no path; "*" is not offered)`;

const userNameText = "1 to 64 letters, digits and . _ @ -, starting with a letter or digit";
const userName = text(/^[A-Za-z0-9][\w.@-]{0,63}$/, userNameText);

/** `gateway`: limits on what a client may do. The default numbers are for one person or a small team on one machine. */
export const gatewaySchema = z.strictObject(
  {
    /** Life of a token in minutes (1 to 1440). @default 60 */
    tokenLifetimeMinutes: whole(1, 1440, "minutes").default(60),
    /** Requests per user in a minute (1 to 100000). @default 60 */
    requestsPerMinute: whole(1, 100_000, "requests").default(60),
    /** Requests of one user at the same time (1 to 1024). @default 4 */
    concurrencyPerUser: whole(1, 1024, "requests").default(4),
    /** Most tokens one request may ask for (1 to 1000000); never above the model's context. @default 4096 */
    maxTokens: whole(1, 1_000_000, "tokens").default(4096),
    /** Largest request body in MiB (1 to 64). @default 2 */
    bodyMib: whole(1, 64, "MiB").default(2),
    /** Name of the user that asks for the first token; must be in `users`. @default "admin" */
    firstUser: userName.default("admin"),
    /** Web origins whose pages may call the gateway. @default none */
    corsOrigins: z
      .array(z.string({ error: originText }).refine(isOrigin, { error: originText }), { error: originText })
      .default([]),
  },
  { error: "a group of keys, such as `tokenLifetimeMinutes: 60`" },
);

const hashText = "a scrypt hash ($scrypt$ln=..,r=..,p=..$salt$hash)";
const scopeText = 'a list of scopes like "chat:write"';
const allowText = 'a list of served model names, or "*"';
const phcScrypt = /^\$scrypt\$ln=\d{1,2},r=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/;

/** One entry of `users`. */
export const userSchema = z.strictObject(
  {
    /** Login name (1 to 64 letters, digits and . _ @ -). */
    name: userName,
    /** scrypt hash in PHC form, as `npm run hash-password` prints it. */
    passwordHash: text(phcScrypt, hashText),
    /** What the user may do, such as `chat:write`. */
    scopes: z.array(text(/^[a-z]+(?::[a-z]+)?$/, scopeText), { error: scopeText }),
    /** Served model names the user may call; `*` is all. */
    models: z.array(z.string({ error: allowText }).min(1, { error: allowText }).max(96, { error: allowText }), {
      error: allowText,
    }),
    /** One of `gateway.roles`, whose limits the user has; only on a cluster. */
    role: text(/^\S{1,128}$/, "the name of one of `gateway.roles`").optional(),
    /** Limits of this user, before the role's. */
    quota: z
      .strictObject(
        {
          /** Requests in a minute (1 to 1000000). */
          requestsPerMinute: whole(1, 1_000_000, "requests").optional(),
          /** Prompt and completion tokens in a minute (1 to 1000000000). */
          tokensPerMinute: whole(1, 1_000_000_000, "tokens").optional(),
        },
        { error: "limits: requestsPerMinute, tokensPerMinute" },
      )
      .optional(),
  },
  { error: "a user: name, passwordHash, scopes, models" },
);

/** Limits at the gateway. */
export type GatewayProfile = z.output<typeof gatewaySchema>;
