import { z } from "zod";
import type { CheckFailure } from "../provider";
import { hasUnknown, reveal, type Properties } from "../values";

const refused = z
  .undefined({ error: "this stand-in does not implement it; it needs the official command plugin" })
  .optional();

/** What local and remote commands share. @see pulumi-command v1.2.1, provider/pkg/provider/common/inputs.go */
const common = {
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  triggers: z.array(z.unknown()).optional(),
  stdin: z.string().optional(),
  logging: z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  addPreviousOutputInEnv: z.boolean().optional(),
} as const;

/** Inputs of `command:local:Command`. @see pulumi-command v1.2.1, provider/pkg/provider/local/base.go */
const localSchema = z.strictObject({
  ...common,
  interpreter: z.array(z.string()).optional(),
  dir: z.string().optional(),
  assetPaths: refused,
  archivePaths: refused,
});

/** How a host is reached. The SDK has filled the defaults in. @see pulumi-command v1.2.1, provider/pkg/provider/remote/connection.go */
const connectionSchema = z.strictObject({
  host: z.string(),
  user: z.string().default("root"),
  port: z.number().default(22),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  hostKey: z.string().optional(),
  dialErrorLimit: z.int().min(-1).default(10),
  perDialTimeout: z.int().min(0).default(15),
  agentSocketPath: refused,
  proxy: refused,
});

export type Connection = z.output<typeof connectionSchema>;

/** Inputs of `command:remote:Command`. @see pulumi-command v1.2.1, provider/pkg/provider/remote/command.go */
const remoteSchema = z.strictObject({ ...common, connection: connectionSchema });

/** What the state adds to the inputs. */
const outputs = { stdout: z.string().default(""), stderr: z.string().default("") } as const;

const localStateSchema = localSchema.extend(outputs);
const remoteStateSchema = remoteSchema.extend(outputs);

export type RemoteInputs = z.output<typeof remoteSchema>;

/** The inputs in the clear. @throws Error naming what does not fit */
export const localInputs = (properties: Properties): z.output<typeof localSchema> =>
  localSchema.parse(plain(properties));
export const remoteInputs = (properties: Properties): RemoteInputs => remoteSchema.parse(plain(properties));

/** The state in the clear. @throws Error naming what does not fit */
export const localState = (properties: Properties): z.output<typeof localStateSchema> =>
  localStateSchema.parse(plain(properties));
export const remoteState = (properties: Properties): z.output<typeof remoteStateSchema> =>
  remoteStateSchema.parse(plain(properties));

/** One failure for each property that does not fit. Properties that are not yet known are taken to fit. */
export const checkLocal = (properties: Properties): CheckFailure[] => check(localSchema, properties);
export const checkRemote = (properties: Properties): CheckFailure[] => check(remoteSchema, properties);

function check(schema: z.ZodObject, properties: Properties): CheckFailure[] {
  const known = Object.entries(plain(properties)).filter(([, value]) => !hasUnknown(value));
  const unknown = Object.entries(properties).filter(([, value]) => hasUnknown(value));
  const result = schema.safeParse(Object.fromEntries(known));
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    const names = issue.code === "unrecognized_keys" ? issue.keys : issue.path;
    if (unknown.some(([key]) => key === names[0])) return [];
    return [{ property: names.map(String).join("."), reason: issue.message }];
  });
}

function plain(properties: Properties): Properties {
  const entries = Object.entries(properties).filter(([key, value]) => !isInternal(key) && value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, reveal(value)]));
}

/** Names that the engine adds; the official plugin skips the same. */
export function isInternal(key: string): boolean {
  return key === "version" || key.startsWith("__");
}
