/** A stack file's text as plain data, and as a Profile: without the Pulumi CLI, without credentials. */
import { parse } from "yaml";
import * as z from "zod";
import { ProfileError, UserError } from "./errors";
import { readProfile } from "./parse";
import { namespace, secretKeys, type Profile } from "./schema";
import { inClear } from "./secrets";

const stackFile = z.object({ config: z.record(z.string(), z.unknown()).nullish() });
/** How a stack file holds an encrypted value. */
const encrypted = z.strictObject({ secure: z.string() });

/**
 * The keys of our namespace in a stack file, without the namespace.
 * @param file its name, for the errors
 * @throws UserError when the text is not YAML, or has no map under `config:`
 */
export function stackConfig(text: string, file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new UserError(`${file} is not YAML\n  found: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = stackFile.safeParse(parsed ?? {});
  if (!result.success) throw new UserError(`${file} has no map under \`config:\``);
  const prefix = `${namespace}:`;
  const entries = Object.entries(result.data.config ?? {});
  return Object.fromEntries(
    entries.filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/**
 * The Profile of a stack file: enough for a plan. Encrypted secrets stay closed, and none needs to be there; a secret
 * in plain text is a fault.
 * @param stack name of the stack: `Pulumi.<stack>.yaml`
 * @throws ProfileError with every fault, UserError when the text is no stack file
 */
export function profileFromYaml(text: string, stack: string): Profile {
  const raw = stackConfig(text, `Pulumi.${stack}.yaml`);
  const secrets = secretKeys.filter((key) => raw[key] !== undefined);
  const open = secrets.filter((key) => !encrypted.safeParse(raw[key]).success).map(inClear);
  const known = Object.fromEntries(Object.entries(raw).filter(([key]) => !secretKeys.includes(key)));
  const { profile, faults } = readProfile(known, { stack });
  if (profile === undefined || open.length > 0) throw new ProfileError([...faults, ...open]);
  return profile;
}
