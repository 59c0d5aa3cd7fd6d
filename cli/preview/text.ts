/** Changes as text that a person reads in ten seconds: what may hurt first, then what is decided, then what is done. */
import { labelled, wrap } from "../../plan/explain/lines";
import { count } from "../../plan/explain/words";
import { changedFigures, type Base, type ComparedModel } from "./compare";
import { operations, type Changes, type ResourceChange, type StageChanges } from "./changes";
import { fullLines } from "./full";
import { lookLines } from "./lookText";
import type { Paint } from "./paint";
import { titleOf } from "./stages";
import { signs, thingsWords } from "./words";

/** How to print. */
export interface TextOptions {
  /** Characters in a line (80 to 100). */
  readonly width: number;
  /** Every resource with what of it changes. */
  readonly full: boolean;
  readonly paint: Paint;
}

/** Characters before the text of a labelled line. */
const indent = 12;

/** Under a sign, with the other lines below its text. */
function hanging(sign: string, text: string, width: number, at = 0): readonly string[] {
  return wrap(text, width - at - 2).map((line, index) => `${" ".repeat(at)}${index === 0 ? `${sign} ` : "  "}${line}`);
}

function headline({ stack, counts, dangers, stages }: Changes, paint: Paint): string {
  if (stages.length === 0) return `${paint.strong(stack)}  ${paint.good("no changes")}`;
  const parts = operations.filter((op) => counts[op] > 0).map((op) => `${counts[op]} to ${op}`);
  const danger = dangers.length === 0 ? paint.good("nothing dangerous") : paint.bad(count(dangers.length, "danger"));
  return `${paint.strong(stack)}  ${danger}; ${parts.join(", ")}`;
}

function dangerLines({ dangers, notes }: Changes, { width, paint }: TextOptions): readonly string[] {
  const lines = dangers.flatMap(({ text, why }) => [
    ...hanging("!", text, width).map((line) => paint.bad(line)),
    ...why.flatMap((reason) => hanging("because", reason, width - 6, 4).map((line) => paint.dim(line))),
  ]);
  const below = notes.flatMap((note) => hanging("i", note, width));
  return lines.length + below.length === 0 ? [] : ["", ...lines, ...below];
}

function verdictLines({ verdict, base, models: compared }: Changes, { width }: TextOptions): readonly string[] {
  const { models, gpus } = verdict;
  const on = gpus === undefined ? "" : ` on ${gpus.used} of ${count(gpus.all, "GPU")}`;
  const lines = models.map(({ name, text }) => `${name} fits: ${text}`);
  return [
    "",
    ...labelled("plan", `${count(models.length, "model")}${on}: ${lines.join("; ")}`, { width, indent }),
    ...baseTexts(base, compared).flatMap((text, at) => labelled(at === 0 ? "changed" : "", text, { width, indent })),
  ];
}

/** What of the plan is not as it was. */
function baseTexts(base: Base | undefined, models: readonly ComparedModel[]): readonly string[] {
  if (base === undefined) return [];
  if (base.kind === "absent") return [`the stack is new since ${base.from}`];
  if (base.kind === "refused") return [`at ${base.from} there was no plan: ${count(base.faults.length, "fault")}`];
  const texts = models.flatMap((model) => {
    const { name, fate } = model;
    if (fate === "comes") return [`${name.after ?? ""} is new`];
    if (fate === "goes") return [`${name.before ?? ""} is gone`];
    const figures = changedFigures(model);
    const called = fate === "replaced" ? `${name.before ?? ""} -> ${name.after ?? ""}` : (name.after ?? "");
    return figures.length === 0 && fate === "stays" ? [] : [[called, ...figures].join("; ")];
  });
  return texts.length === 0 ? [`nothing since ${base.from}`] : texts;
}

/** What the stages' changes are about, a line an operation; resources that only hold others are counted at the end. */
function stageLines({ stage, changes }: StageChanges, { width, paint }: TextOptions): readonly string[] {
  const lines = operations.flatMap((op): readonly string[] => {
    const own = changes.filter((change) => change.op === op);
    const words = thingsWords(
      own.flatMap(({ thing }) => thing ?? []),
      op,
    );
    const text = words.length > 0 ? words.join("; ") : holders(own);
    if (text === "") return [];
    return hanging(signs[op], text, width - indent).map((line) => paint[op](line));
  });
  const title = `  ${titleOf(stage)}`.padEnd(indent);
  return lines.map((line, index) => `${index === 0 ? title : " ".repeat(indent)}${line}`);
}

/** Components; a provider by itself does nothing. */
const holders = (changes: readonly ResourceChange[]): string =>
  changes.flatMap(({ name, type }) => (type.startsWith("pulumi:providers:") ? [] : [name])).join(", ");

const comparedText = ({ compared }: Changes): string =>
  compared.state === undefined
    ? "no recorded state: everything is new"
    : `${count(compared.resources, "resource")} recorded in ${compared.state}`;

function countLine({ counts }: Changes, { paint }: TextOptions): string {
  const parts = operations.map((op) => {
    const text = `${signs[op]} ${counts[op]} ${op}`;
    return counts[op] === 0 ? paint.dim(text) : paint[op](text);
  });
  return `${"  resources".padEnd(indent)}${[...parts, paint.dim(`${counts.same} unchanged`)].join("  ")}`;
}

/** What stood for what is not there: without this, a preview would look better than it is. */
function missingLines({ compared }: Changes, { width, paint }: TextOptions): readonly string[] {
  const { secretPlaceholders, keyPlaceholders, state, standIns } = compared;
  const shows = state === undefined ? "" : "; what is made from them shows as changed";
  const texts = [
    ...(keyPlaceholders.length === 0
      ? []
      : [`not in the stack file, a placeholder stood for it: ${keyPlaceholders.join(", ")}`]),
    ...(secretPlaceholders.length === 0
      ? []
      : [
          `secrets not set or not readable here, a placeholder stood for each: ${secretPlaceholders.join(", ")}${shows}`,
        ]),
    ...(compared.hidden === true ? ["recorded secrets not readable here: a change of one does not show"] : []),
    ...(standIns.length === 0 ? [] : [`providers by our stand-ins, not the official plugins: ${standIns.join(", ")}`]),
  ];
  return texts.flatMap((text) => hanging("?", text, width).map((line) => paint.dim(line)));
}

const warningLines = ({ warnings, verdict }: Changes, { width, paint }: TextOptions): readonly string[] =>
  [...warnings, ...verdict.warnings].flatMap((text) => hanging(paint.warn("!"), text, width));

/** The changes as text: no trailing spaces, ends without a line break. */
export function explainChanges(changes: Changes, options: TextOptions): string {
  const { stages } = changes;
  const about = [...missingLines(changes, options), ...warningLines(changes, options)];
  const lines = [
    headline(changes, options.paint),
    ...dangerLines(changes, options),
    ...verdictLines(changes, options),
    ...lookLines(changes.looks ?? [], options.width, options.paint),
    ...(stages.length === 0 ? [] : ["", ...stages.flatMap((stage) => stageLines(stage, options))]),
    "",
    countLine(changes, options),
    ...labelled("compared", comparedText(changes), { width: options.width, indent }),
    ...(about.length === 0 ? [] : ["", ...about]),
    ...(options.full ? fullLines(changes, options) : []),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}
