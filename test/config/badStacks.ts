/** Good stacks that bad ones are made of, and what a user is told of them. */
import { ProfileError } from "../../config/errors";
import { parseStack } from "../../config/parse";
import { secretKeys } from "../../config/schema";
import { profileFromYaml } from "../../config/stackFile";
import { makePlan, type Plan } from "../../plan/plan";
import { laptop } from "../plan/cases";
import { changed, existing, minimal, proxmox, proxmoxSecrets, secrets } from "./stacks";

/** Keys by their paths, and what is written there; undefined removes. */
export type Changes = Readonly<Record<string, unknown>>;

/** One of the fifty. */
export interface BadConfig {
  readonly number: number;
  readonly title: string;
  /** The good stack. */
  readonly base: object;
  /** One bad stack each. */
  readonly variants: readonly Changes[];
  /** Text of a stack file instead, where what is wrong is the writing. */
  readonly file?: string;
  /** How it differs from what the list has. */
  readonly why?: string;
}

/** Everything that a bring-up on Proxmox needs. */
export const goodProxmox = { ...proxmox, ...proxmoxSecrets, modelStore: { existingClaim: "models" } };
/** The same on an existing cluster. */
export const rented = {
  ...existing,
  ...secrets,
  kubeconfig: "clusters: []\nusers: []\ncontexts: []\n",
  modelStore: { existingClaim: "models" },
};
/** And on this machine. */
export const goodLocal = { ...minimal, ...secrets };

/** A row on Proxmox. */
export const bad = (number: number, title: string, ...variants: readonly Changes[]): BadConfig => ({
  ...{ number, title, variants },
  base: goodProxmox,
});

/** A stack with all changes made. */
export const withChanges = (base: object, changes: Changes): Record<string, unknown> =>
  Object.entries(changes).reduce((stack, [path, value]) => changed(stack, path, value), { ...base });

/** The plan of a stack, as a bring-up makes it before it registers anything. @throws ProfileError as the user gets it */
export function bringUpPlan(raw: unknown): Plan {
  const { profile } = parseStack(raw, { stack: "dev" });
  const plan = makePlan(profile, profile.platform.kind === "local" ? laptop : { modelConfigs: {} });
  if (plan.platform !== "local" && plan.unmet.length > 0) throw new ProfileError(plan.unmet);
  return plan;
}

/** What a row's stacks are refused with, one text each; undefined where one is not refused. */
export const saidOf = ({ base, variants, file }: BadConfig): readonly (ProfileError | undefined)[] =>
  file === undefined
    ? variants.map((changes) => refusal(() => bringUpPlan(withChanges(base, changes))))
    : [refusal(() => profileFromYaml(file, "dev"))];

/** What something is refused with. @throws whatever else is thrown */
export function refusal(run: () => unknown): ProfileError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof ProfileError) return error;
    throw error;
  }
  return undefined;
}

/** Every text of a stack that nobody may read, and each long line of it. */
export const secretTexts = (raw: object): readonly string[] =>
  secretKeys
    .map((key) => Reflect.get(raw, key) as unknown)
    .filter((value) => typeof value === "string")
    .flatMap((value) => [value, ...value.split("\n")])
    .filter((line) => line.length >= 8 && !/^-----(?:BEGIN|END)/.test(line));
