/** What the rules know of the plan besides the engine's answer: downloads, and what a change of a model costs. Plain data. */
import { GIB } from "../../catalog/units";
import { weightsPerRank } from "../../plan/memory/weights";
import type { Plan } from "../../plan/plan";
import type { UpgradePlan } from "../../plan/stages/servedTypes";

/** Of the stages after a cluster. */
export interface StageFacts {
  /** What a change of models costs. */
  readonly upgrade: UpgradePlan;
  /** By the name of the Job: which model, and its weights in GiB. */
  readonly downloads: Readonly<Record<string, { readonly model: string; readonly gib: number }>>;
  /** Where the chat page would be, "https://chat.my.org"; absent without one. */
  readonly chatUrl?: string;
}

/** Undefined on this machine. */
export function stageFactsOf(plan: Plan): StageFacts | undefined {
  if (plan.platform === "local") return undefined;
  const { serving, stages } = plan;
  const downloads = stages.modelStore.models.flatMap(({ job, name }) => {
    const shape = serving.models.find((model) => model.name === name)?.shape;
    const [whole] = shape === undefined ? [] : weightsPerRank(shape, { tensorParallel: 1, pipelineParallel: 1 });
    return whole === undefined ? [] : [[job, { model: name, gib: whole.total / GIB }] as const];
  });
  const chat = stages.chat === undefined ? {} : { chatUrl: stages.chat.url };
  return { upgrade: stages.served.upgrade, downloads: Object.fromEntries(downloads), ...chat };
}

const gigabit = 1e9 / 8;

/** "131 GiB to download: 19 min at 1 Gb/s". */
export function downloadWords(gib: number): string {
  const minutes = Math.max(1, Math.round((gib * GIB) / gigabit / 60));
  return `${Math.round(gib)} GiB to download: ${minutes} min at 1 Gb/s`;
}

/** "2 min 36 s", "45 s". */
export function secondsWords(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
