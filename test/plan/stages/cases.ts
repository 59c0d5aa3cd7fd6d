/** What the stages are planned from, of the committed stacks and of small ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseProfile } from "../../../config/parse";
import { isLocal, type ClusterProfile } from "../../../config/schema";
import { profileFromYaml } from "../../../config/stackFile";
import { makePlan } from "../../../plan/plan";
import { existing } from "../../config/stacks";
import type { StageInput } from "../../../plan/stages/types";

const root = join(__dirname, "../../..");

export function cluster(profile: ReturnType<typeof parseProfile>): ClusterProfile {
  if (isLocal(profile)) throw new TypeError("a stack on this machine has no stages");
  return profile;
}

/** The stages' own keys as they are when nobody writes them. */
const { gpu, modelStore, serving, chat, monitoring } = cluster(parseProfile(existing));
const silent = { gpu, modelStore, serving, chat, monitoring };

/** What comes before the stages, planned as if nothing were asked of them: a case may ask what they refuse. */
export function inputOf(profile: ClusterProfile): StageInput {
  const ingress = { ...profile.ingress, kind: undefined, gateway: undefined, wafAnnotations: {} };
  const gateway = { ...profile.gateway, roles: [], peopleRole: undefined };
  const models = profile.models.map((model) => ({ ...model, env: {}, pod: {}, lora: undefined }));
  const plan = makePlan({ ...profile, ...silent, ingress, gateway, models }, { modelConfigs: {} });
  const { pools, hardware, serving } = plan;
  return { profile, pools, hardware, serving, ...(plan.platform === "proxmox" ? { deckhouse: plan.deckhouse } : {}) };
}

/** Of a stack as it is written, without the namespace of its keys. */
export const stageInput = (raw: unknown): StageInput => inputOf(cluster(parseProfile(raw)));

/** Of a committed stack. */
export const committedInput = (stack: "homelab" | "a100" | "qwen3-235b"): StageInput =>
  inputOf(cluster(profileFromYaml(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8"), stack)));
