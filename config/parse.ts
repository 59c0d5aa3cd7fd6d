/** From plain data to a Profile, or to every fault at once. Knows nothing of Pulumi. */
import * as z from "zod";
import { fixFor } from "./advice";
import { ProfileError, type Fault } from "./errors";
import { toFaults } from "./faults";
import { finishExisting, finishLocal, finishProxmox } from "./finish";
import { nearestKey } from "./keys";
import { ruleFaults } from "./rules";
import { field } from "./rules/parts";
import {
  existingStackSchema,
  localStackSchema,
  platformKinds,
  platformSchema,
  proxmoxStackSchema,
  requiredSecrets,
  stacks,
  stackText,
  type PlatformKind,
  type Profile,
  type SomeSecrets,
} from "./schema";

/** How to read a stack. */
export interface ParseOptions {
  /** Name of the stack. @default "local" */
  readonly stack?: string;
  /** Top-level keys whose values no fault may show, besides the secret keys. @default none */
  readonly hidden?: readonly string[];
}

/** What was read: a Profile, or at least one fault. */
export interface ReadProfile {
  readonly profile?: Profile;
  readonly faults: readonly Fault[];
}

/** The kind of platform, as far as it can be told: what is nearly right, else `local`, and then it is a fault. */
export function kindOf(raw: unknown): { readonly kind: PlatformKind; readonly sure: boolean } {
  const found = field(field(raw, "platform"), "kind");
  const exact = platformKinds.find((kind) => kind === found);
  if (exact !== undefined) return { kind: exact, sure: true };
  const near = typeof found === "string" ? nearestKey(found, platformKinds) : undefined;
  return { kind: platformKinds.find((kind) => kind === near) ?? "local", sure: false };
}

/** A rule's fault quotes what it found; under a hidden key it must not. */
function hide(fault: Fault, hidden: readonly string[]): Fault {
  const top = fault.path.split(/[.[]/)[0] ?? "";
  return hidden.includes(top) ? { ...fault, found: "a value that breaks a rule (not shown)" } : fault;
}

/** Public keys and secrets together; each secret may be absent. Made once: a schema costs more to make than to use. */
const wholeOf = (kind: PlatformKind, keys: z.core.$ZodShape = {}): z.ZodObject =>
  z.strictObject(
    { ...stacks[kind].schema.shape, ...stacks[kind].secrets.partial().shape, ...keys },
    { error: stackText },
  );
const wholes = { local: wholeOf("local"), proxmox: wholeOf("proxmox"), existing: wholeOf("existing") };
/** The same while the kind is not known: then only its name is wrong with the platform. */
const unsure = {
  local: wholeOf("local", { platform: platformSchema }),
  proxmox: wholeOf("proxmox", { platform: platformSchema }),
  existing: wholeOf("existing", { platform: platformSchema }),
};
/** The public keys, whatever else there is. */
const publicKeys = {
  local: localStackSchema.strip(),
  proxmox: proxmoxStackSchema.strip(),
  existing: existingStackSchema.strip(),
};
/** The secrets of each kind, whatever else there is. */
const secretsOf = {
  local: stacks.local.secrets.strip(),
  proxmox: stacks.proxmox.secrets.strip(),
  existing: stacks.existing.secrets.strip(),
};

/** What is looked at, and how. */
interface Task {
  readonly raw: unknown;
  readonly kind: PlatformKind;
  /** Whether the stack names that kind as it should. */
  readonly sure: boolean;
  readonly bringUp: boolean;
  readonly hidden: readonly string[];
}

/** Most faults of the shape, and most of the rules, that are put into words: nobody mends more in one edit. */
const mostFaults = 200;

const moreFaults = (count: number): Fault => ({
  path: "(stack)",
  found: `${count} more faults, which are not shown`,
  needed: "a stack without faults",
  fix: "mend these first",
});

/** Every fault of a stack's shape and rules, as far as they can be mended in one edit. */
function faultsOf(task: Task): readonly Fault[] {
  const { raw, kind, sure, hidden } = task;
  const asked = sure ? wholes[kind] : unsure[kind];
  const issues = asked.safeParse(raw).error?.issues ?? [];
  const shape = toFaults(issues.slice(0, mostFaults), { schema: wholes[kind], raw, kind, hidden });
  const rules = ruleFaults(task);
  const more = Math.max(0, issues.length - mostFaults) + Math.max(0, rules.length - mostFaults);
  const told = [...shape, ...rules.slice(0, mostFaults).map((fault) => hide(fault, hidden))];
  return more === 0 ? told : [...told, moreFaults(more)];
}

/** The Profile of data without a fault. */
function finish(kind: PlatformKind, raw: unknown, stack: string): Profile {
  switch (kind) {
    case "local":
      return finishLocal(stack, publicKeys.local.parse(raw));
    case "proxmox":
      return finishProxmox(stack, publicKeys.proxmox.parse(raw));
    case "existing":
      return finishExisting(stack, publicKeys.existing.parse(raw));
  }
}

function read(raw: unknown, { stack = "local", hidden = [] }: ParseOptions, bringUp: boolean): ReadProfile {
  const { kind, sure } = kindOf(raw);
  const faults = faultsOf({ raw, kind, sure, bringUp, hidden });
  return faults.length > 0 ? { faults } : { profile: finish(kind, raw, stack), faults };
}

/** Validates a stack's plain data: public keys in full, secret keys in shape where they are present. */
export const readProfile = (raw: unknown, options: ParseOptions = {}): ReadProfile => read(raw, options, false);

/**
 * The Profile of a stack's plain data: enough for a plan.
 * @throws ProfileError with every fault that was found.
 */
export function parseProfile(raw: unknown, options: ParseOptions = {}): Profile {
  const { profile, faults } = readProfile(raw, options);
  if (profile === undefined) throw new ProfileError(faults);
  return profile;
}

/**
 * Like `parseProfile`, and everything must be there that a bring-up needs: secrets, real names, host keys.
 * @returns the secrets in the clear: wrap them at once.
 * @throws ProfileError with every fault that was found.
 */
export function parseStack(raw: unknown, options: ParseOptions = {}): { profile: Profile; secrets: SomeSecrets } {
  const { kind } = kindOf(raw);
  const { profile, faults } = read(raw, options, true);
  const absent = requiredSecrets(kind)
    .filter((key) => field(raw, key) === undefined)
    .map((key) => ({ path: key, found: "nothing", needed: "a secret", fix: fixFor(key, undefined, kind) }));
  if (profile === undefined || absent.length > 0) throw new ProfileError([...faults, ...absent]);
  return { profile, secrets: secretsOf[kind].parse(raw) };
}
