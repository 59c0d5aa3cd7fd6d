/** The plan's verdict: a line a model, and its figures for a table. */
import type { Hardware } from "../../plan/cluster/hardware";
import type { ServingPlan } from "../../plan/cluster/types";
import { gpuRows } from "../../plan/explain/gpuRows";
import { memoryTable } from "../../plan/explain/memoryTable";
import { noPaint } from "../../plan/explain/paint";
import { viewOfPlan } from "../../plan/explain/view";
import { brief, count, layoutWords, storageWords, time, whole } from "../../plan/explain/words";
import type { LocalStackPlan, Plan } from "../../plan/plan";
import { mermaidOf } from "./mermaid";

/** What a reviewer compares, in the order of a table's columns. */
export const figureNames = [
  "model",
  "layout",
  "replicas",
  "context",
  "KV tokens",
  "tokens/s",
  "alone",
  "first token",
] as const;
export type Figures = Readonly<Record<(typeof figureNames)[number], string>>;

/** One model. */
export interface ModelVerdict {
  /** Served name. */
  readonly name: string;
  readonly text: string;
  /** Absent on this machine, where nothing is estimated. */
  readonly figures?: Figures;
  /** Its GPUs, each with a bar of what is in its memory; 80 characters wide. */
  readonly bars?: readonly string[];
}

/** Plain data. */
export interface Verdict {
  readonly models: readonly ModelVerdict[];
  /** GPUs that are used, of those there are; absent on this machine. */
  readonly gpus?: { readonly used: number; readonly all: number };
  /** What the plan warns of. */
  readonly warnings: readonly string[];
  /** Which GPU does what, as a Mermaid diagram; absent on this machine. */
  readonly picture?: string;
}

/** Characters of a line that a comment shows without scrolling. */
const barWidth = 80;

function figuresOf({ shape, layout, replicas, engine, memory, speed }: ServingPlan): Figures {
  const gpus = layout.tensorParallel * layout.pipelineParallel;
  return {
    model: `${shape.id}, ${storageWords(shape)}`,
    layout: `${layoutWords(layout)} (${count(gpus, "GPU")})`,
    replicas: whole(replicas),
    context: whole(engine.maxModelLen),
    "KV tokens": whole(memory.warm.kv.tokens * replicas),
    "tokens/s": `${brief(speed.tokensPerSecondBusy.value * replicas)} (${count(speed.concurrency * replicas, "request")})`,
    alone: brief(speed.tokensPerSecondAlone.value),
    "first token": `${time(speed.timeToFirstToken.value)} (prompt ${whole(speed.promptTokens)})`,
  };
}

function served(plan: ServingPlan, hardware: Hardware): ModelVerdict {
  const { name, layout, replicas, engine, speed } = plan;
  const gpus = layout.tensorParallel * layout.pipelineParallel;
  const all = brief(speed.tokensPerSecondBusy.value * replicas);
  const text = [
    `${layoutWords(layout)}, ${count(replicas, "replica")} of ${count(gpus, "GPU")}`,
    `${whole(engine.maxModelLen)} tokens of context`,
    `${all} tokens/s with ${count(speed.concurrency * replicas, "request")}`,
  ].join(", ");
  const bars = memoryTable(gpuRows(plan, hardware), barWidth, noPaint).map((line) => line.trimEnd());
  return { name, text, figures: figuresOf(plan), bars };
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
  return {
    models: serving.models.map((model) => served(model, hardware)),
    gpus: { used: all - serving.idle.length, all },
    warnings,
    picture: mermaidOf(viewOfPlan(plan)),
  };
}
