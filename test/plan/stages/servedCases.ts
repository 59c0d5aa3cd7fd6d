/** What stage 7 is planned from, and its plans. */
import { planImages } from "../../../plan/stages/images";
import { modelDirectory } from "../../../plan/stages/names";
import { planServed, type ServedInput, type ServedPlan, type ServedStore } from "../../../plan/stages/served";
import type { Staged } from "../../../plan/stages/types";
import { committedInput, stageInput } from "./cases";

export type Committed = "homelab" | "a100" | "qwen3-235b";
export const committed: readonly Committed[] = ["homelab", "a100", "qwen3-235b"];

/** The claim `models`, with a directory for each model as the store names it. */
export const storeOf = ({ profile }: ServedInput): ServedStore => ({
  claim: "models",
  directories: Object.fromEntries(
    profile.models.map(({ name, source, revision = "main" }) => [name, modelDirectory(source, revision)]),
  ),
});

/** Of a stack as it is written, without the namespace of its keys. */
export const servedInput = (raw: unknown): ServedInput => stageInput(raw);

/** Of a committed stack. */
export const committedServedInput: (stack: Committed) => ServedInput = committedInput;

export const staged = (input: ServedInput): Staged<ServedPlan> =>
  planServed(input, planImages(input.profile), storeOf(input));

/** The plan of a stack as it is written. */
export const servedOf = (raw: unknown): ServedPlan => staged(servedInput(raw)).plan;

/** The plan of a committed stack. */
export const committedServed = (stack: Committed): ServedPlan => staged(committedServedInput(stack)).plan;
