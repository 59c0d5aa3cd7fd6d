/** The plan before and after, as Markdown: a table, a bar for each GPU, and a picture that GitHub and GitLab draw. */
import { count } from "../../plan/explain/words";
import { legend } from "../../plan/explain/memoryTable";
import { noPaint } from "../../plan/explain/paint";
import type { Changes } from "./changes";
import { changedFigures, compareModels, isChanged, type Base, type Cell, type ComparedModel } from "./compare";
import { fenced, folded, plain, table } from "./markup";
import { figureNames, type Verdict } from "./verdict";

function cellText(cell: Cell): string {
  const { before, after } = cell;
  if (before === undefined) return after === undefined ? "" : `**${plain(after)}**`;
  if (after === undefined) return `~~${plain(before)}~~`;
  return isChanged(cell) ? `**${plain(before)} → ${plain(after)}**` : plain(after);
}

const nameText = ({ fate, name }: ComparedModel): string => {
  if (fate === "comes") return `**${plain(name.after ?? "")}** (new)`;
  return fate === "goes" ? `~~${plain(name.before ?? "")}~~ (gone)` : cellText(name);
};

/** Models with their figures; what nobody estimates has no row. */
const figureRows = (models: readonly ComparedModel[]): readonly string[] =>
  table(
    ["served as", ...figureNames],
    models
      .filter(({ figures }) => figures.some(({ before, after }) => (before ?? after) !== undefined))
      .map((model) => [nameText(model), ...model.figures.map(cellText)]),
  );

const titled = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", title, ...lines];

/** Bars of all models in one block; those of before only where they differ. */
function barLines(models: readonly ComparedModel[]): readonly string[] {
  const lines = models.flatMap(({ name, bars, barsBefore, fate }) => {
    const called = name.after ?? name.before ?? "";
    if (barsBefore === undefined || fate === "comes") return titled(called, bars);
    return [...titled(`${name.before ?? ""}, before`, barsBefore), ...titled(`${called}, after`, bars)];
  });
  return lines.length === 0 ? [] : ["", ...fenced("text", [...lines.slice(1), "", `  ${legend(noPaint)}`])];
}

function baseWords(base: Base | undefined, models: readonly ComparedModel[]): string {
  if (base === undefined) return "";
  const from = plain(base.from);
  if (base.kind === "absent") return `, new since ${from}`;
  if (base.kind === "refused") return `; that of ${from} could not be made (${count(base.faults.length, "fault")})`;
  const same = models.every((model) => changedFigures(model).length === 0 && !isChanged(model.name));
  return same ? `, the same as at ${from}` : `, compared with ${from}`;
}

/** What is said of a plan that there is. */
export function planLines(
  { verdict, base, models, stack }: Pick<Changes, "verdict" | "base" | "models" | "stack">,
  picture?: string,
): readonly string[] {
  const { gpus } = verdict;
  const used = gpus === undefined ? "" : `: ${gpus.used} of ${count(gpus.all, "GPU")}`;
  const bare = verdict.models.filter(({ figures }) => figures === undefined);
  const shown = picture === undefined ? [] : ["", `![plan of ${plain(stack)}](${encodeURI(picture)})`];
  const list = [
    ...bare.map(({ name, text }) => `- **${plain(name)}** fits: ${plain(text)}`),
    ...verdict.warnings.map((warning) => `- ${plain(warning)}`),
  ];
  return [
    "",
    `**Plan**${used}${baseWords(base, models)}`,
    ...figureRows(models),
    ...barLines(models),
    ...(list.length === 0 ? [] : ["", ...list]),
    ...shown,
    ...(verdict.picture === undefined ? [] : folded("picture of the plan", fenced("mermaid", [verdict.picture]))),
  ];
}

/** What there was, beside a plan that cannot be made. */
export function lostPlanLines(base: Base): readonly string[] {
  if (base.kind !== "planned") return [];
  const verdict: Verdict = base.verdict;
  const models = compareModels(undefined, verdict);
  return ["", `**Plan** at ${plain(base.from)}, which fits`, ...figureRows(models), ...barLines(models)];
}
