/** Planning for another program: by the rules of a stack file, without reading one. */
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import { ProfileError, UserError } from "../config/errors";
import { readModelConfigs } from "../config/modelConfigs";
import { parseProfile } from "../config/parse";
import { isLocal, isProxmox, type existingStackSchema } from "../config/schema";
import { makePlan, type ExistingPlan } from "../plan/plan";

/** A cluster that is there already, and the models for it: the public keys of a stack of kind `existing`, without `platform`. */
export type ModelsSpec = Omit<z.input<typeof existingStackSchema>, "platform">;

/**
 * Plans by keys that nobody has looked at yet.
 * @throws ProfileError with every fault
 */
export function planKeys(stack: string, keys: object, base: string): ExistingPlan {
  const profile = parseProfile({ ...keys, platform: { kind: "existing" } }, { stack });
  if (isLocal(profile) || isProxmox(profile))
    throw new TypeError(`platform ${profile.platform.kind} was not asked for`);
  const made = makePlan(profile, { modelConfigs: readModelConfigs(profile, base) });
  if (made.platform !== "existing") throw new TypeError(`platform ${made.platform} was not asked for`);
  if (made.unmet.length > 0) throw new ProfileError(made.unmet);
  return made;
}

/** Any other error gets a stack trace of Pulumi's, which helps nobody who mistyped a key. */
export function withoutTrace<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
}

/**
 * Plans models on a cluster that is there already, by the rules of a stack file; each component takes its part of
 * `stages`. Registers nothing, and asks nobody.
 * @param stack names what is planned: in messages, and in the audience of the gateway's tokens
 * @param base directory that `models[].config` starts from. @default the working directory
 * @throws pulumi.RunError with every fault: of the keys, of the models on these GPUs, and what a bring-up needs besides
 */
export function planModels(stack: string, spec: ModelsSpec, base: string = process.cwd()): ExistingPlan {
  return withoutTrace(() => planKeys(stack, spec, base));
}
