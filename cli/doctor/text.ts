/** A report as text: the layers in a column, then what is wrong in four fields each. */
import { count } from "../../plan/explain/words";
import { wrap } from "../../plan/explain/lines";
import type { Paint } from "../preview/paint";
import { titles, type Finding, type LayerReport, type LogTail, type Report } from "./findings";

/** How it is printed. */
export interface Look {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
}

const marks: Readonly<Record<LayerReport["state"], string>> = {
  well: "✓",
  broken: "✗",
  skipped: "–",
  closed: "?",
  absent: "–",
};

const nameWidth = Math.max(...Object.values(titles).map((title) => title.length));

function rowLines({ id, state, seen }: LayerReport, { width, paint }: Look): readonly string[] {
  const colours = { well: paint.good, broken: paint.bad, skipped: paint.dim, closed: paint.warn, absent: paint.dim };
  const colour = colours[state];
  const quiet = state === "skipped" || state === "absent";
  const indent = nameWidth + 6;
  return wrap(seen, width - indent).map((line, index) => {
    const text = quiet ? paint.dim(line) : line;
    const title = titles[id].padEnd(nameWidth);
    const name = state === "broken" ? paint.strong(title) : quiet ? paint.dim(title) : title;
    return index === 0 ? `  ${colour(marks[state])} ${name}  ${text}` : `${" ".repeat(indent)}${text}`;
  });
}

/** A word that is longer than a line stays whole: it is a path, a URL or a command to paste. */
const field = (label: string, text: string, width: number): readonly string[] =>
  wrap(text, width - 14).map((line, index) => `    ${(index === 0 ? label : "").padEnd(10)}${line}`);

const findingLines = ({ checked, found, expected, fix }: Finding, { width, paint }: Look): readonly string[] => [
  ...field("checked", checked, width),
  ...field("found", found, width),
  ...field("expected", expected, width),
  ...field("fix", fix, width).map((line) => paint.strong(line)),
];

/** Lines of a log that people read beside a finding. */
const shownLines = 8;

const logLines = ({ of, lines }: LogTail, { width, paint }: Look): readonly string[] => [
  `    ${of} said last:`,
  ...lines.slice(-shownLines).map((line) => paint.dim(`      ${line.slice(0, width - 6)}`)),
];

function layerLines(layer: LayerReport, look: Look): readonly string[] {
  const { id, state, findings, logs } = layer;
  if (findings.length === 0) return [];
  const title = state === "broken" ? look.paint.bad(titles[id]) : look.paint.warn(titles[id]);
  const blocks = findings.flatMap((finding, index) => [...(index === 0 ? [] : [""]), ...findingLines(finding, look)]);
  return ["", title, ...blocks, ...logs.flatMap((log) => logLines(log, look))];
}

/** What it comes to, in a sentence: the lowest broken layer is the one to begin with. */
export function verdictOf({ layers }: Pick<Report, "layers">): string {
  const of = (state: LayerReport["state"]): readonly string[] =>
    layers.filter((layer) => layer.state === state).map(({ id }) => titles[id]);
  const [broken, closed] = [of("broken"), of("closed")];
  const unseen = closed.length === 0 ? "" : `; ${closed.join(", ")} could not be looked at`;
  const [first, ...others] = broken;
  if (first === undefined) return closed.length === 0 ? "all well" : `nothing broken was seen${unseen}`;
  const rest = others.length === 0 ? "" : `, and above it ${others.join(", ")}`;
  return `${first} is broken${rest}${unseen}`;
}

/** The report. Without a line break at its end. */
export function explainReport(report: Report, look: Look): string {
  const { stack, platform, layers } = report;
  const { paint } = look;
  const faults = layers.reduce((sum, { findings }) => sum + findings.length, 0);
  const verdict = verdictOf(report);
  const broken = layers.some(({ state }) => state === "broken");
  const colour = broken ? paint.bad : faults > 0 ? paint.warn : paint.good;
  const said = faults === 0 ? verdict : `${verdict} (${count(faults, "finding")})`;
  return [
    `${paint.strong(stack)} ${paint.dim(`(${platform})`)}`,
    "",
    ...layers.flatMap((layer) => rowLines(layer, look)),
    ...layers.flatMap((layer) => layerLines(layer, look)),
    "",
    ...wrap(said, look.width).map((line) => colour(line)),
  ].join("\n");
}
