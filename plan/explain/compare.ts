/** One model in several storage formats on the same hardware: a line each, the fastest first. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Fault } from "../../config/errors";
import type { Hardware } from "../cluster/hardware";
import type { ServingPlan } from "../cluster/types";
import { hardwareWords } from "./hardwareWords";
import { labelled, wrap } from "./lines";
import { noPaint, type Paint } from "./paint";
import { brief, layoutWords, storageWords, whole } from "./words";

/** One format, and what came of it. */
export interface Compared {
  readonly shape: ModelShape;
  /** Absent: it cannot be served. */
  readonly plan?: ServingPlan;
  /** Why not; empty when it fits. */
  readonly faults: readonly Fault[];
}

/** Tokens a second of all replicas together; -1 for what does not fit. */
const throughput = ({ plan }: Compared): number =>
  plan === undefined ? -1 : plan.speed.tokensPerSecondBusy.value * plan.replicas;

/** What fits first, then by tokens a second of all replicas, then by id. */
export const bestFirst = (all: readonly Compared[]): readonly Compared[] =>
  [...all].sort((a, b) => throughput(b) - throughput(a) || (a.shape.id < b.shape.id ? -1 : 1));

const heads = ["model", "weights", "layout", "context", "1 request", "together"];
/** Columns of numbers stand at the right. */
const firstNumber = 3;

function cellsOf({ shape, plan }: Compared): readonly string[] {
  const { id } = shape;
  if (plan === undefined) return [id, storageWords(shape), "does not fit", "-", "-", "-"];
  const { tensorParallel, pipelineParallel } = plan.layout;
  const layout = `${layoutWords({ tensorParallel, pipelineParallel })}${plan.replicas > 1 ? ` x ${plan.replicas}` : ""}`;
  const together = plan.speed.tokensPerSecondBusy.value * plan.replicas;
  return [
    id,
    storageWords(shape),
    layout,
    whole(plan.engine.maxModelLen),
    brief(plan.speed.tokensPerSecondAlone.value),
    brief(together),
  ];
}

/** The comparison as text. */
export function explainComparison(
  all: readonly Compared[],
  hardware: Hardware,
  { width = 80, paint = noPaint }: { readonly width?: number; readonly paint?: Paint } = {},
): string {
  const rows = [heads, ...all.map(cellsOf)];
  const widths = heads.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  const lines = rows.map((cells, row) => {
    const padded = cells.map((cell, column) =>
      column < firstNumber ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    const line = `  ${padded.join("  ")}`.trimEnd();
    return row === 0 || all[row - 1]?.plan === undefined ? paint.dim(line) : line;
  });
  const why = all.flatMap(({ shape, faults }) =>
    faults.map(({ found, needed }) => `${shape.id}: found ${found}; expected ${needed}`),
  );
  const note =
    "tokens/s: one request alone, and all requests of all replicas together; fastest first, not best answers";
  return [
    ...wrap(hardwareWords(hardware), width),
    "",
    ...lines,
    "",
    ...wrap(note, width - 2).map((line) => `  ${paint.dim(line)}`),
    ...(why.length === 0 ? [] : ["", ...why.flatMap((text) => labelled("", text, { width, indent: 2 }))]),
  ].join("\n");
}
