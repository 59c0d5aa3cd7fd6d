import { z } from "zod";
import type { CheckFailure } from "../provider";
import { hasUnknown, reveal, type Properties } from "../values";

const refused = z
  .undefined({ error: "this stand-in does not implement it; it needs the official command plugin" })
  .optional();

/** Inputs of `command:local:Command`. @see pulumi-command v1.2.1, provider/pkg/provider/local/base.go */
const inputsSchema = z.strictObject({
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  triggers: z.array(z.unknown()).optional(),
  stdin: z.string().optional(),
  logging: z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]).optional(),
  interpreter: z.array(z.string()).optional(),
  dir: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  addPreviousOutputInEnv: z.boolean().optional(),
  assetPaths: refused,
  archivePaths: refused,
});

export type CommandInputs = z.infer<typeof inputsSchema>;

/** What the state adds to the inputs. */
const stateSchema = inputsSchema.extend({ stdout: z.string().default(""), stderr: z.string().default("") });

export type CommandState = z.infer<typeof stateSchema>;

/** The inputs in the clear. @throws Error naming what does not fit */
export function parseInputs(properties: Properties): CommandInputs {
  return inputsSchema.parse(plain(properties));
}

/** The state in the clear. @throws Error naming what does not fit */
export function parseState(properties: Properties): CommandState {
  return stateSchema.parse(plain(properties));
}

/** One failure for each property that does not fit. Properties that are not yet known are taken to fit. */
export function checkInputs(properties: Properties): CheckFailure[] {
  const known = Object.entries(plain(properties)).filter(([, value]) => !hasUnknown(value));
  const result = inputsSchema.safeParse(Object.fromEntries(known));
  if (result.success) return [];
  return result.error.issues.map((issue) => {
    const names = issue.code === "unrecognized_keys" ? issue.keys : issue.path;
    return { property: names.map(String).join("."), reason: issue.message };
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
