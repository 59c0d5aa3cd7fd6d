/** When each stage of a bring-up ran, what it waited for, and which resources one after the other made it as long as it was. Pure. */
import { stageOf, stageOrder, titleOf, type StageId } from "../../cli/preview/stages";
import type { EngineEvent } from "../../engine/events";

/** One resource that was made. */
export interface Step {
  readonly urn: string;
  readonly name: string;
  /** Seconds since the run began. */
  readonly from: number;
  readonly to: number;
}

/** What each resource needed, by URN. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** One stage. */
export interface StageRow {
  readonly id: StageId;
  readonly title: string;
  readonly resources: number;
  readonly from: number;
  readonly to: number;
  /** Stages that its resources needed, in bring-up order. */
  readonly waitsFor: readonly string[];
}

/** Whether a resource is made, as opposed to one that only holds others. */
const isMade = (urn: string): boolean => !/^(?:tokenrack|pulumi):/.test(urn.split("::")[2]?.split("$").at(-1) ?? "");

/** Takes the events of a run and gives back what was made. */
export class StepRecorder {
  private readonly begun = new Map<string, number>();
  readonly steps: Step[] = [];

  /** @param now seconds since the run began */
  constructor(private readonly now: () => number) {}

  readonly onEvent = (event: EngineEvent): void => {
    if (event.kind !== "resourcePre" && event.kind !== "resOutputs") return;
    const { urn, op, name } = event;
    if (op === "same" || !isMade(urn)) return;
    if (event.kind === "resourcePre") this.begun.set(urn, this.now());
    const from = this.begun.get(urn);
    if (event.kind === "resOutputs" && from !== undefined) this.steps.push({ urn, name, from, to: this.now() });
  };
}

/** What a resource needed that is made, by way of what only holds others, too. */
function neededOf(urn: string, needs: Needs, seen = new Set<string>()): readonly string[] {
  return (needs.get(urn) ?? []).flatMap((one) => {
    if (seen.has(one)) return [];
    seen.add(one);
    return isMade(one) ? [one] : neededOf(one, needs, seen);
  });
}

/** Rows of the stages that made something, in bring-up order. */
export function stageRows(steps: readonly Step[], needs: Needs): readonly StageRow[] {
  return stageOrder.flatMap((id): StageRow[] => {
    const own = steps.filter(({ urn }) => stageOf(urn) === id);
    if (own.length === 0) return [];
    const needed = new Set(own.flatMap(({ urn }) => neededOf(urn, needs).map(stageOf)));
    return [
      {
        id,
        title: titleOf(id),
        resources: own.length,
        from: Math.min(...own.map(({ from }) => from)),
        to: Math.max(...own.map(({ to }) => to)),
        waitsFor: stageOrder.filter((one) => one !== id && needed.has(one)).map(titleOf),
      },
    ];
  });
}

/** The chain that ended last: each step, and before it the one of those it needed that ended last. */
export function criticalPath(steps: readonly Step[], needs: Needs): readonly Step[] {
  const byUrn = new Map(steps.map((step) => [step.urn, step]));
  const last = (all: readonly Step[]): Step | undefined =>
    all.reduce<Step | undefined>((found, one) => (found === undefined || one.to > found.to ? one : found), undefined);
  const path: Step[] = [];
  const seen = new Set<string>();
  for (let step = last(steps); step !== undefined && !seen.has(step.urn);) {
    seen.add(step.urn);
    path.unshift(step);
    step = last(neededOf(step.urn, needs).flatMap((urn) => byUrn.get(urn) ?? []));
  }
  return path;
}

const seconds = (n: number): string => n.toFixed(1);

/** The stages and the critical path as lines for a terminal. */
export function timelineText(rows: readonly StageRow[], path: readonly Step[]): readonly string[] {
  const head = ["stage", "from", "to", "seconds", "waits for"];
  const body = rows.map(({ title, from, to, waitsFor }) => [
    title,
    seconds(from),
    seconds(to),
    seconds(to - from),
    waitsFor.join(", ") || "-",
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((line) => (line[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const slow = path.filter(({ from, to }) => to - from >= 0.5);
  return [
    line(head),
    ...body.map(line),
    "",
    "critical path (what took half a second or more):",
    ...slow.map(({ name, from, to }) => `  ${seconds(from).padStart(7)}  +${seconds(to - from).padStart(6)}  ${name}`),
  ];
}
