/** Every resource that changes, with what of it: for those who ask. */
import type { PropertyChange } from "../../engine/preview";
import type { Changes, ResourceChange } from "./changes";
import type { TextOptions } from "./text";
import { titleOf } from "./stages";
import { lineChanges } from "./textDiff";
import { propertyWords, signs } from "./words";

/** Lines of one text that are shown; a script that is another one has hundreds. */
const mostLines = 20;

const isText = (value: unknown): value is string => typeof value === "string" && value.includes("\n");

/** A property in a line; a text of several lines by its lines that differ. */
export function propertyLines(change: PropertyChange): readonly string[] {
  const head = `${propertyWords(change)}${change.replaces ? " (makes it anew)" : ""}`;
  const { before, after } = change;
  if (!isText(before) || !isText(after)) return [head];
  const lines = lineChanges(before, after).map(({ sign, line }) => `  ${sign} ${line}`);
  const more = lines.length - mostLines;
  return [head, ...lines.slice(0, mostLines), ...(more > 0 ? [`  ${more} more lines`] : [])];
}

const cut = (line: string, width: number): string => (line.length <= width ? line : `${line.slice(0, width - 1)}…`);

const resourceLines = (
  { op, name, type, changed }: ResourceChange,
  { width, paint }: TextOptions,
): readonly string[] => [
  `  ${paint[op](`${signs[op]} ${name}`)}  ${paint.dim(type)}`,
  ...changed.flatMap(propertyLines).map((line) => `      ${cut(line, width - 6)}`),
];

export const fullLines = ({ stages }: Changes, options: TextOptions): readonly string[] =>
  stages.flatMap(({ stage, changes }) => [
    "",
    options.paint.strong(titleOf(stage)),
    ...changes.flatMap((change) => resourceLines(change, options)),
  ]);
