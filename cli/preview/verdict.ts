/** The plan's verdict in a line a model. */
import type { ServingPlan } from "../../plan/cluster/types";
import { brief, count, layoutWords, whole } from "../../plan/explain/words";
import type { LocalStackPlan, Plan } from "../../plan/plan";

/** Plain data. */
export interface Verdict {
  readonly models: readonly { readonly name: string; readonly text: string }[];
  /** GPUs that are used, of those there are; absent on this machine. */
  readonly gpus?: { readonly used: number; readonly all: number };
  /** What the plan warns of. */
  readonly warnings: readonly string[];
}

function served({ name, layout, replicas, engine, speed }: ServingPlan): Verdict["models"][number] {
  const gpus = layout.tensorParallel * layout.pipelineParallel;
  const all = brief(speed.tokensPerSecondBusy.value * replicas);
  const text = [
    `${layoutWords(layout)}, ${count(replicas, "replica")} of ${count(gpus, "GPU")}`,
    `${whole(engine.maxModelLen)} tokens of context`,
    `${all} tokens/s with ${count(speed.concurrency * replicas, "request")}`,
  ].join(", ");
  return { name, text };
}

function here({ models, local, warnings }: LocalStackPlan): Verdict {
  const on = local.gpu === undefined ? "this machine's CPU" : local.gpu.name;
  return {
    models: models.map(({ name, maxModelLen }) => ({
      name,
      text: `on ${on}, ${whole(maxModelLen)} tokens of context`,
    })),
    warnings,
  };
}

/** Of a plan, which has one because it fits. */
export function verdictOf(plan: Plan): Verdict {
  if (plan.platform === "local") return here(plan);
  const { serving, hardware, warnings } = plan;
  const all = hardware.gpus.length;
  return { models: serving.models.map(served), gpus: { used: all - serving.idle.length, all }, warnings };
}
