/** What a plan is made from besides the Profile. */
import { readModelConfigs } from "../config/modelConfigs";
import { isLocal, type Profile } from "../config/schema";
import type { Facts } from "../plan/types";
import { inspect } from "./inspect";

/**
 * Facts for a stack: this machine for a stack on it, and nothing of it for a stack on a cluster.
 * @param base directory that relative paths start from
 * @throws ProfileError naming each model directory or config.json that is none
 */
export const factsFor = (profile: Profile, base: string): Facts =>
  isLocal(profile) ? inspect(profile, base) : { modelConfigs: readModelConfigs(profile, base) };
