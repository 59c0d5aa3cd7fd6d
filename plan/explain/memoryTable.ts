/** The GPUs of a model with a bar each: a row a GPU, a column a part, in GiB. */
import { shorten } from "./lines";
import type { GpuRow } from "./gpuRows";
import { noPaint, type Paint } from "./paint";
import { segmentNames, shareOut, type SegmentName, type Segments } from "./segments";
import { gibOf } from "./words";

/** Glyphs of a bar, from dense to empty: they tell the parts apart without colour. */
export const glyphs: Readonly<Record<SegmentName, string>> = {
  weights: "█",
  activations: "▓",
  graphs: "▒",
  kv: "░",
  free: "·",
};

const titles: Readonly<Record<SegmentName, string>> = {
  weights: "weights",
  activations: "activations",
  graphs: "CUDA graphs",
  kv: "KV cache",
  free: "free",
};

const barWidths = { least: 10, good: 20, most: 32 } as const;
const longestName = 30;

const allOf = (segments: Segments): number => segmentNames.reduce((sum, name) => sum + segments[name], 0);

/** A bar of `cells` characters, and blanks up to `width`. */
function bar(segments: Segments, cells: number, width: number, paint: Paint): string {
  const shares = shareOut(
    segmentNames.map((name) => segments[name]),
    cells,
  );
  const parts = segmentNames.map((name, index) => glyphs[name].repeat(shares[index] ?? 0));
  const painted = parts.map((part, index) => (part === "" ? "" : paint.segment[segmentNames[index] ?? "free"](part)));
  return painted.join("") + " ".repeat(width - cells);
}

/** A column of bars under its head; the largest GPU's fills the width. */
function bars(rows: readonly GpuRow[], width: number, paint: Paint): readonly string[] {
  const sizes = rows.map(({ segments }) => allOf(segments));
  const largest = Math.max(...sizes);
  const totals = new Set(sizes.map(gibOf));
  const total = totals.size === 1 ? ` of ${gibOf(largest)}` : "";
  const head = `${width < 13 ? "" : "GiB"}${total}`.trim();
  const cells = sizes.map((size) => Math.max(segmentNames.length, Math.round((size / largest) * width)));
  return [head.padEnd(width), ...rows.map(({ segments }, index) => bar(segments, cells[index] ?? width, width, paint))];
}

/** What the glyphs mean. */
export const legend = (paint: Paint): string =>
  segmentNames.map((name) => `${paint.segment[name](glyphs[name])} ${titles[name]}`).join("  ");

const widest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));

/** A column of text: its cells, the head first, padded to one width. */
const textColumn = (head: string, texts: readonly string[]): readonly string[] => {
  const width = widest([head, ...texts]);
  return [head, ...texts].map((text) => text.padEnd(width));
};

/** A column of GiB with its glyph on top. */
function numbers(name: SegmentName, rows: readonly GpuRow[], paint: Paint): readonly string[] {
  const texts = rows.map(({ segments }) => gibOf(segments[name]));
  const width = widest(texts);
  return [paint.segment[name](glyphs[name].padStart(width)), ...texts.map((text) => text.padStart(width))];
}

/** The table: its head, then the rows; at most `width` characters wide where the names allow it. */
export function memoryTable(rows: readonly GpuRow[], width: number, paint: Paint): readonly string[] {
  const left = [
    textColumn(
      "GPU",
      rows.map(({ name }) => shorten(name, longestName)),
    ),
    textColumn(
      "card",
      rows.map(({ card }) => card),
    ),
    textColumn(
      "rank",
      rows.map(({ rank }) => rank),
    ),
  ];
  const right = segmentNames.map((name) => numbers(name, rows, paint));
  const plain = [
    ...left.map(([head]) => head ?? ""),
    ...segmentNames.map((name) => numbers(name, rows, noPaint)[0] ?? ""),
  ];
  const texts = 2 + plain.reduce((sum, { length }) => sum + length, 0) + 2 * left.length;
  // Numbers stand apart where the bar stays long enough.
  const gap = width - texts - 2 * segmentNames.length >= barWidths.good ? 2 : 1;
  const room = width - texts - gap * segmentNames.length;
  const cells = Math.min(barWidths.most, Math.max(barWidths.least, room));
  return bars(rows, cells, paint).map((middle, index) => {
    const cell = (column: readonly string[]): string => column[index] ?? "";
    const before = left.map((column) => `${cell(column)}  `).join("");
    return `  ${before}${middle}${right.map((column) => `${" ".repeat(gap)}${cell(column)}`).join("")}`;
  });
}
