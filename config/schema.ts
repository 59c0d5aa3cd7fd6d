/**
 * The one list of stack keys (namespace `tokenrack`), with their limits and defaults. Limits of one value live here;
 * rules that need two values live in `rules.ts`. The text given to each check is the "expected" part of its fault.
 */
import { isAbsolute } from "node:path";
import * as z from "zod";
import { isOrigin, modelKind, sourceText, type ModelKind } from "./forms";

export { modelKind, type ModelKind } from "./forms";

/** The Pulumi project, and so the namespace of every key. */
export const namespace = "tokenrack";

/** A whole number in a closed range; `what` names the thing counted. */
const whole = (min: number, max: number, what: string) => {
  const error = `a whole number of ${what} from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

/** A text of one form. */
const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

/** Hosts, VMs and clusters come later: today the schema names them only to refuse them clearly. */
export const laterPlatforms: readonly string[] = ["proxmox", "existing"];

const memoryText = "a number of GiB from 2 to 65536";

/** `platform` of kind `local`: this machine, no cluster and no GPU needed. */
export const localPlatformSchema = z.strictObject(
  {
    /** Brings the stack up on this machine. */
    kind: z.literal("local"),
    /** Where the model runs. `auto`: on the NVIDIA GPU when there is one with a driver new enough, else on the CPU. @default "auto" */
    accelerator: z.enum(["auto", "cpu", "cuda"], { error: `"auto", "cpu" or "cuda"` }).default("auto"),
    /** Threads for the model's arithmetic (1 to 1024). @default all cores but one, at least one */
    cpuThreads: whole(1, 1024, "threads").optional(),
    /** Memory for the KV cache in whole GiB (1 to 4096). @default what context x slots needs */
    kvCacheGib: whole(1, 4096, "GiB").optional(),
    /** Memory the stack may use in GiB (2 to 65536). @default all of this machine's */
    memoryGib: z
      .number({ error: memoryText })
      .min(2, { error: memoryText })
      .max(65536, { error: memoryText })
      .optional(),
  },
  { error: "a group of keys that starts with `kind: local`" },
);

/** `platform`: one shape per kind; a new kind is a new member. */
export const platformSchema = z.discriminatedUnion("kind", [localPlatformSchema], {
  error: "`kind: local` (this version brings up `local` only)",
});

const nameText = "1 to 96 letters, digits and . _ - / that start and end with a letter or digit";
const revisionText = "a Hugging Face commit, tag or branch: 1 to 128 letters, digits and . _ - /";

/** One entry of `models`. */
export const modelSchema = z.strictObject(
  {
    /** Name the model is served under. @default "tiny-llama", the Hugging Face id, or the last part of the directory */
    name: text(/^(?=.{1,96}$)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/, nameText).optional(),
    /** Where the weights come from: a built-in model, a Hugging Face id, or a directory on this machine. */
    source: z.string({ error: sourceText }).refine((source) => modelKind(source) !== undefined, { error: sourceText }),
    /** Commit, tag or branch; for a Hugging Face id only. @default "main", with a warning: it moves */
    revision: text(/^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,127}$/, revisionText).optional(),
    /** Longest context, prompt and answer together, in tokens (16 to 10485760). @default the model's limit, at most 4096, less if memory is short */
    contextTokens: whole(16, 10_485_760, "tokens").optional(),
    /** Requests answered at the same time (1 to 1024). @default by CPUs, or 32 on a GPU; less if memory is short */
    concurrency: whole(1, 1024, "requests").optional(),
  },
  { error: "a group of keys with `source`" },
);

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

const portText = "a port from 1024 to 65535";
const port = (fallback: number) =>
  z.int({ error: portText }).min(1024, { error: portText }).max(65535, { error: portText }).default(fallback);

/** `ports`: where things listen, all on this machine's own address. A front end normally writes free ones here. */
export const portsSchema = z.strictObject(
  {
    /** The gateway: the only port a client needs. @default 8080 */
    gateway: port(8080),
    /** Ray Serve's HTTP proxy, without authentication; for the gateway only. @default 8000 */
    serve: port(8000),
    /** Ray's control store (GCS). @default 6379 */
    rayGcs: port(6379),
    /** Ray's dashboard and Serve API; needs the Ray token. @default 8265 */
    rayDashboard: port(8265),
    /** Ray client server. @default 10001 */
    rayClient: port(10001),
  },
  { error: "a group of keys, such as `gateway: 8080`" },
);

const pathText = "an absolute path";
const path = z
  .string({ error: pathText })
  .refine((value) => isAbsolute(value) && !/\p{Cc}/u.test(value), { error: pathText })
  .optional();

/** `paths`: where files lie. A front end normally writes them here. */
export const pathsSchema = z.strictObject(
  {
    /** The stack's files while it runs. @default ".tokenrack/run/<stack>" in the project */
    run: path,
    /** Downloads and environments, which outlive the stack. @default ".tokenrack/cache" in the project */
    cache: path,
    /** The gateway as one JavaScript file. @default "gateway/dist/gateway.js" in the project (`npm run build:gateway`) */
    gatewayBundle: path,
  },
  { error: "a group of keys, such as `run: /var/lib/tokenrack`" },
);

/** What the root of a stack must be. */
const stackText = "a group of keys with `platform` and `models`";

/** The public keys. */
export const profileSchema = z.strictObject(
  {
    platform: platformSchema,
    models: z
      .array(modelSchema, { error: "a list of models, each with `source`" })
      .min(1, { error: "at least one model" })
      .max(1, { error: "exactly one model (this version serves one)" }),
    gateway: gatewaySchema.prefault({}),
    ports: portsSchema.prefault({}),
    paths: pathsSchema.prefault({}),
  },
  { error: stackText },
);

const hashText = "a scrypt hash ($scrypt$ln=..,r=..,p=..$salt$hash)";
const scopeText = 'a list of scopes like "chat:write"';
const allowText = 'a list of served model names, or "*"';
const phcScrypt = /^\$scrypt\$ln=\d{1,2},r=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/;

/** The secret keys: one scalar each. `secrets.ts` checks what is in them; their faults never show a value. */
export const secretsSchema = z.strictObject({
  /** What Ray asks of every client of its dashboard and control ports. */
  rayToken: z.string({ error: "a secret text" }),
  /** Ed25519 private key, PKCS8 PEM: signs the gateway's tokens. */
  signingKey: z.string({ error: "a secret text" }),
  /** Users as JSON text: `[{"name","passwordHash","scopes":[],"models":[]}]`. */
  users: z.string({ error: "a secret text" }),
  /** Password of `gateway.firstUser`, in the clear: asks for the first token, which proves that the stack works. */
  firstUserPassword: z.string({ error: "a secret text" }),
});

/** One entry of `users`. */
export const userSchema = z.strictObject(
  {
    /** Login name (1 to 64 letters, digits and . _ @ -). */
    name: userName,
    /** scrypt hash in PHC form, as `npm run hash-password` prints it. */
    passwordHash: text(phcScrypt, hashText),
    /** What the user may do, such as `chat:write`. */
    scopes: z.array(text(/^[a-z]+(?::[a-z]+)?$/, scopeText), {
      error: scopeText,
    }),
    /** Served model names the user may call; `*` is all. */
    models: z.array(z.string({ error: allowText }).min(1, { error: allowText }).max(96, { error: allowText }), {
      error: allowText,
    }),
  },
  { error: "a user: name, passwordHash, scopes, models" },
);

/** Names of the secret keys. */
export const secretKeys: readonly string[] = Object.keys(secretsSchema.shape);

/** Every top-level key of the namespace: public ones first. */
export const stackKeys: readonly string[] = [...Object.keys(profileSchema.shape), ...secretKeys];

/** Secrets in the clear: only ever held between reading and wrapping. */
export type PlainSecrets = z.output<typeof secretsSchema>;

/** The secrets that are there. */
export type SomeSecrets = { readonly [K in keyof PlainSecrets]?: PlainSecrets[K] | undefined };

type ModelInput = z.output<typeof modelSchema>;
/** One model the user asked for, with its name and kind worked out. */
export type ModelProfile = Omit<ModelInput, "name"> & { name: string; kind: ModelKind };
/** Port numbers by role. */
export type Ports = z.output<typeof portsSchema>;
/** Where files lie. */
export interface Paths {
  readonly run: string;
  readonly cache: string;
  readonly gatewayBundle: string;
}
/** `platform`, by kind. */
export type PlatformProfile = z.output<typeof platformSchema>;
/** Limits at the gateway. */
export type GatewayProfile = z.output<typeof gatewaySchema>;

/** What the user asked for: validated, defaults filled in, plain data. */
export interface Profile {
  /** Name of the stack; `local` when none was given. */
  readonly stack: string;
  readonly platform: PlatformProfile;
  readonly models: readonly ModelProfile[];
  readonly gateway: GatewayProfile;
  readonly ports: Ports;
  /** Absolute as given; a default is relative to the project until whoever reads the configuration resolves it. */
  readonly paths: Paths;
}

/** The ports that hold when a stack names none. */
export const portDefaults: Ports = portsSchema.parse({});
