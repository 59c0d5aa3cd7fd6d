/** A cluster's plan as text that a person reads in ten seconds: what fits, where, how large, how fast, what to know. */
import { GIB } from "../../catalog/units";
import type { Gpu } from "../cluster/hardware";
import type { ServingPlan, SpeedEstimate } from "../cluster/types";
import { gpuNames, gpuRows } from "./gpuRows";
import { hardwareWords } from "./hardwareWords";
import { labelled, wrap, type Frame } from "./lines";
import { legend, memoryTable } from "./memoryTable";
import { noPaint, type Paint } from "./paint";
import { placementLines } from "./placementLines";
import { allWarnings, type ClusterView } from "./view";
import { boundWords, brief, count, decodeRows, layoutWords, storageWords, time, whole, type SpeedRow } from "./words";

/** How to print. */
export interface ExplainOptions {
  /** Characters in a line (80 to 100). @default 80 */
  readonly width?: number;
  /** All reasons, settings and layouts that were considered. @default false */
  readonly why?: boolean;
  /** @default no colours */
  readonly paint?: Paint;
}

type Settings = Required<ExplainOptions> & Frame;

/** Layouts that lost, shown without `why`. */
const shownRunnersUp = 2;

/** What all replicas give together; nothing where there is one. */
const allReplicas = (speed: SpeedEstimate, replicas: number): readonly SpeedRow[] =>
  replicas === 1
    ? []
    : [
        {
          what: count(replicas, "replica"),
          rate: `${brief(speed.tokensPerSecondBusy.value * replicas)} tokens/s`,
          between: "",
          bound: `with ${count(speed.concurrency * replicas, "request")}`,
        },
      ];

function speedLines({ speed, replicas }: ServingPlan, { paint, indent }: Settings): readonly string[] {
  const rows = [
    {
      what: "first token",
      rate: time(speed.timeToFirstToken.value),
      between: `prompt ${whole(speed.promptTokens)}`,
      bound: boundWords(speed.timeToFirstToken),
    },
    ...decodeRows(speed),
    ...allReplicas(speed, replicas),
  ];
  const wide = (key: "what" | "rate" | "between"): number => Math.max(...rows.map((row) => row[key].length));
  return rows.map((row, index) => {
    const figures = `${row.what.padEnd(wide("what"))}  ${row.rate.padStart(wide("rate"))}  ${row.between.padStart(wide("between"))}`;
    return `${(index === 0 ? "  speed" : "").padEnd(indent)}${figures}  ${paint.dim(row.bound)}`;
  });
}

const layoutText = ({ layout, replicas, placementStrategy }: ServingPlan): string => {
  const ranks = layout.tensorParallel * layout.pipelineParallel;
  const gpus = ranks === 1 ? "1 GPU" : `${ranks} GPUs`;
  const where = ranks === 1 ? "" : placementStrategy === "STRICT_PACK" ? " of one node" : " on several nodes";
  return `${layoutWords(layout)}, ${count(replicas, "replica")} of ${gpus}${where}`;
};

const contextText = ({ engine, shape }: ServingPlan): string => {
  const own = engine.maxModelLen < shape.maxContext ? ` (the model's own: ${whole(shape.maxContext)})` : "";
  return `${whole(engine.maxModelLen)} tokens${own}, ${count(engine.maxNumSeqs, "slot")}`;
};

const kvText = ({ memory, replicas, engine }: ServingPlan): string => {
  const { warm, cold } = memory;
  const each = replicas > 1 ? " in each replica" : "";
  const fp8 = engine.kvCacheDtype === "fp8" ? ", stored as FP8" : "";
  const first =
    cold.kv.tokens === warm.kv.tokens
      ? ""
      : cold.fits
        ? `; ${whole(cold.kv.tokens)} at the first start, with a cold compile cache`
        : "; the first start does not fit, with a cold compile cache";
  return `${whole(warm.kv.tokens)} tokens${each}${fp8}: ${brief(warm.kv.sequences)} full-length sequences${first}`;
};

/** vLLM's settings in words, for those who ask. */
const engineText = ({ engine, environment, sharedMemory }: ServingPlan): string => {
  const parts = [
    engine.dtype,
    `KV cache in ${engine.kvCacheDtype === "auto" ? engine.dtype : engine.kvCacheDtype}`,
    `${whole(engine.maxNumBatchedTokens)} tokens a step`,
    `${brief(engine.gpuMemoryUtilization * 100)} % of the GPU`,
    engine.enforceEager ? "no CUDA graphs" : "",
    engine.cpuOffloadGib > 0 ? `${brief(engine.cpuOffloadGib)} GiB of weights in the node's memory` : "",
    engine.toolParser === undefined ? "no tool parser" : `tool parser ${engine.toolParser}`,
    engine.reasoningParser === undefined ? "no reasoning parser" : `reasoning parser ${engine.reasoningParser}`,
    `/dev/shm ${brief(sharedMemory / GIB)} GiB`,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ];
  return parts.filter((part) => part !== "").join(", ");
};

function runnersUpLines({ runnersUp }: ServingPlan, settings: Settings): readonly string[] {
  const shown = settings.why ? runnersUp : runnersUp.slice(0, shownRunnersUp);
  const more = runnersUp.length - shown.length;
  const lines = shown.flatMap(({ reason, fits }, index) =>
    labelled(index === 0 ? "not taken" : "", `${fits ? "" : "(does not fit) "}${reason}`, settings),
  );
  return more === 0
    ? lines
    : [...lines, `${" ".repeat(settings.indent)}${settings.paint.dim(`${more} more with --why`)}`];
}

function reasonLines(plan: ServingPlan, settings: Settings): readonly string[] {
  if (!settings.why) return [];
  const reasons = plan.reasons.flatMap((reason, index) => labelled(index === 0 ? "why" : "", reason, settings));
  return [...labelled("engine", engineText(plan), settings), ...reasons];
}

function modelLines(plan: ServingPlan, view: ClusterView, settings: Settings): readonly string[] {
  const { paint, width } = settings;
  const source = plan.name === plan.shape.id ? "" : `${plan.shape.id}, `;
  const about = [...reasonLines(plan, settings), ...runnersUpLines(plan, settings)];
  return [
    "",
    `${paint.strong(plan.name)}  ${paint.dim(`${source}${storageWords(plan.shape)}`)}`,
    ...labelled("layout", layoutText(plan), settings),
    ...labelled("context", contextText(plan), settings),
    ...labelled("KV cache", kvText(plan), settings),
    ...speedLines(plan, settings),
    "",
    ...memoryTable(gpuRows(plan, view.hardware), width, paint),
    ...(plan === view.serving.models[0] ? [`  ${legend(paint)}`] : []),
    ...(about.length === 0 ? [] : ["", ...about]),
  ];
}

/** GPUs that nobody uses: those with the same reason together. */
function idleLines({ serving, hardware }: ClusterView, settings: Settings): readonly string[] {
  const byId = new Map(hardware.gpus.map((gpu) => [gpu.id, gpu]));
  const groups = new Map<string, Gpu[]>();
  for (const { gpu: id, reason } of serving.idle) {
    const gpu = byId.get(id);
    if (gpu !== undefined) groups.set(reason, [...(groups.get(reason) ?? []), gpu]);
  }
  const texts = [...groups].map(([reason, gpus]) => `${gpuNames(gpus)}: ${reason}`);
  return texts.flatMap((text, index) => labelled(index === 0 ? "idle" : "", text, settings));
}

const warningLines = (view: ClusterView, { paint, width }: Settings): readonly string[] =>
  allWarnings(view).flatMap((warning) =>
    wrap(warning, width - 2).map((line, index) => `${index === 0 ? paint.warn("!") : " "} ${line}`),
  );

/** The plan as text: no trailing spaces, ends without a line break. */
export function explainCluster(view: ClusterView, how: ExplainOptions = {}): string {
  const settings: Settings = { width: 80, why: false, paint: noPaint, ...how, indent: 13 };
  const { paint, width } = settings;
  const used = view.hardware.gpus.length - view.serving.idle.length;
  const verdict = `${count(view.serving.models.length, "model")} on ${used} of ${count(view.hardware.gpus.length, "GPU")}`;
  const places = view.placement === undefined ? [] : placementLines(view.placement, settings.why, settings);
  const below = [...idleLines(view, settings), ...places];
  const warnings = warningLines(view, settings);
  const lines = [
    `${paint.strong(view.title)}  ${paint.good("fits")}: ${verdict}`,
    ...wrap(hardwareWords(view.hardware), width),
    ...view.serving.models.flatMap((model) => modelLines(model, view, settings)),
    ...(below.length === 0 ? [] : ["", ...below]),
    ...(warnings.length === 0 ? [] : ["", ...warnings]),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}
