/** The profile and plan of a stack as its program will see them, before the engine starts: for checks and for the summary. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../config/errors";
import { kindOf, parseProfile } from "../config/parse";
import { portsSchema, type Ports } from "../config/schema";
import { stackConfig } from "../config/stackFile";
import type { ConfigEntry } from "../engine/workingCopy";
import { inspect } from "../local/inspect";
import { makePlan, type LocalStackPlan } from "../plan/plan";
import type { Choices } from "./choices";
import { house, type House } from "./house";

/** The stack file's own keys, without the namespace. @throws UserError when there is no such file, or it is not YAML */
export function committedConfig(stack: string, at: House = house): Record<string, unknown> {
  const file = join(at.checkout, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) throw new UserError(`no stack file ${file}\n  fix: put it back, or write one`);
  return stackConfig(readFileSync(file, "utf8"), file);
}

/** Ports that the stack file sets itself. Faults in it are found later, with all others. */
export function pinnedPorts(committed: Record<string, unknown>): Partial<Ports> {
  const parsed = portsSchema.partial().safeParse(committed["ports"] ?? {});
  if (!parsed.success) return {};
  const named = Object.keys((committed["ports"] as object | undefined) ?? {});
  return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => named.includes(name)));
}

/** What the front end adds to the stack file. */
export function addedConfig(
  stack: string,
  choices: Choices,
  gatewayBundle: string,
  at: House = house,
): Record<string, unknown> {
  return {
    ports: choices.ports,
    paths: { run: at.run(stack), cache: at.cache, gatewayBundle },
    ...(choices.model === undefined ? {} : { models: [{ source: choices.model }] }),
  };
}

/** The same, as entries for the engine. */
export function configEntries(added: Record<string, unknown>): Record<string, ConfigEntry> {
  return Object.fromEntries(
    Object.entries(added).map(([key, value]) => [key, { value, secret: false, override: true }]),
  );
}

const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What the stack file says over what was added, key by key. */
function underOwn(added: unknown, own: unknown): unknown {
  if (own === undefined || own === null) return added;
  return isGroup(added) && isGroup(own) && !Array.isArray(own) ? { ...added, ...own } : own;
}

const elsewhere = (stack: string, kind: string): UserError =>
  new UserError(
    `stack ${stack} is of kind ${kind}, and this command brings up this machine\n  fix: write \`kind: local\`, or give that stack a file of its own`,
  );

/**
 * @throws ProfileError with every fault
 * @throws UserError when the stack is not on this machine
 */
export function planStack(
  stack: string,
  committed: Record<string, unknown>,
  added: Record<string, unknown>,
): LocalStackPlan {
  const { kind, sure } = kindOf(committed);
  if (sure && kind !== "local") throw elsewhere(stack, kind);
  // What is added takes the place of the file's own groups and would hide the faults in them.
  const own = {
    ports: underOwn(added["ports"], committed["ports"]),
    paths: underOwn(added["paths"], committed["paths"]),
  };
  parseProfile({ ...committed, ...added, ...own }, { stack });
  const profile = parseProfile({ ...committed, ...added }, { stack });
  return makePlan(profile, inspect(profile, house.checkout));
}
