/** From plain data to a Profile, or to every fault at once. Knows nothing of Pulumi. */
import { join } from "node:path";
import { ProfileError, type Fault } from "./errors";
import { fixFor, toFaults } from "./faults";
import { modelFaults, nameModel, portFaults } from "./rules";
import {
  gatewaySchema,
  modelSchema,
  portsSchema,
  profileSchema,
  secretKeys,
  secretsSchema,
  type Paths,
  type PlainSecrets,
  type Profile,
  type SomeSecrets,
} from "./schema";
import { secretFaults } from "./secrets";

/** Everything a stack may hold; each secret may be absent. */
const stackSchema = profileSchema.extend(secretsSchema.partial().shape);

/** How to read a stack. */
export interface ParseOptions {
  /** Name of the stack. @default "local" */
  readonly stack?: string;
  /** Top-level keys whose values no fault may show, besides the secret keys. @default none */
  readonly hidden?: readonly string[];
}

const field = (raw: unknown, key: string): unknown =>
  typeof raw === "object" && raw !== null ? Reflect.get(raw, key) : undefined;

/** Rules over the parts that are well formed, so that a fault in one part does not hide those of another. */
function ruleFaults(raw: unknown): Fault[] {
  const ports = portsSchema.safeParse(field(raw, "ports") ?? {});
  const gateway = gatewaySchema.safeParse(field(raw, "gateway") ?? {});
  const models: unknown = field(raw, "models");
  const perModel = (Array.isArray(models) ? models : []).flatMap((model: unknown, index) => {
    const parsed = modelSchema.safeParse(model);
    return parsed.success ? modelFaults(parsed.data, index) : [];
  });
  const secrets = secretKeys
    .map((key) => [key, field(raw, key)] as const)
    .filter(([, value]) => typeof value === "string");
  const plain = secretsSchema.partial().safeParse(Object.fromEntries(secrets));
  return [
    ...perModel,
    ...(ports.success ? portFaults(ports.data) : []),
    ...(plain.success ? secretFaults(plain.data, gateway.success ? gateway.data.firstUser : undefined) : []),
  ];
}

function collect(raw: unknown, options: ParseOptions): { profile?: Profile; secrets?: SomeSecrets; faults: Fault[] } {
  const stack = options.stack ?? "local";
  const result = stackSchema.safeParse(raw);
  const shape = result.success ? [] : toFaults(result.error.issues, raw, [], options.hidden);
  const hiddenRules = ruleFaults(raw).map((fault) => hide(fault, options.hidden ?? []));
  const faults = [...shape, ...hiddenRules];
  if (!result.success || faults.length > 0) return { faults };
  const { platform, models, gateway, ports, paths, ...secrets } = result.data;
  const named = models.flatMap((model) => {
    const naming = nameModel(model);
    return naming === undefined ? [] : [{ ...model, ...naming }];
  });
  const fallback = pathDefaults(stack);
  const allPaths: Paths = {
    run: paths.run ?? fallback.run,
    cache: paths.cache ?? fallback.cache,
    gatewayBundle: paths.gatewayBundle ?? fallback.gatewayBundle,
  };
  const profile: Profile = { stack, platform, models: named, gateway, ports, paths: allPaths };
  return { profile, secrets, faults };
}

/** The paths that hold when a stack names none: relative to the project. */
const pathDefaults = (stack: string): Paths => ({
  run: join(".tokenrack", "run", stack),
  cache: join(".tokenrack", "cache"),
  gatewayBundle: join("gateway", "dist", "gateway.js"),
});

/** A rule's fault quotes what it found; under a hidden key it must not. */
function hide(fault: Fault, hidden: readonly string[]): Fault {
  const top = fault.path.split(/[.[]/)[0] ?? "";
  return hidden.includes(top) ? { ...fault, found: "a value that breaks a rule (not shown)" } : fault;
}

/**
 * Validates a stack's plain data: public keys in full, secret keys in shape where they are present.
 * @throws ProfileError with every fault that was found.
 */
export function parseProfile(raw: unknown, options: ParseOptions = {}): Profile {
  const { profile, faults } = collect(raw, options);
  if (profile === undefined) throw new ProfileError(faults);
  return profile;
}

/**
 * Like `parseProfile`, and every secret must be there.
 * @returns the secrets in the clear: wrap them at once.
 * @throws ProfileError with every fault that was found.
 */
export function parseStack(raw: unknown, options: ParseOptions = {}): { profile: Profile; secrets: PlainSecrets } {
  const { profile, secrets, faults } = collect(raw, options);
  const absent = secretKeys
    .filter((key) => field(raw, key) === undefined)
    .map((key) => ({ path: key, found: "nothing", needed: "a secret", fix: fixFor(key, undefined) }));
  const plain = secretsSchema.safeParse(secrets ?? {});
  if (profile === undefined || !plain.success) throw new ProfileError([...faults, ...absent]);
  return { profile, secrets: plain.data };
}
