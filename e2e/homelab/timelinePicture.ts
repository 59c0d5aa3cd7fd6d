/** The timeline as a picture: a bar for each stage, and the steps that made the run as long as it was. */
import { stageOf } from "../../cli/preview/stages";
import { textAt } from "../../plan/picture/block";
import { element } from "../../plan/picture/svg";
import { fill, stroke, style } from "../../plan/picture/theme";
import type { StageRow, Step } from "./timeline";

/** All in px. */
const size = { width: 860, left: 130, right: 260, row: 26, top: 46, bar: 14, font: 12 } as const;

/** A round number of seconds between two lines of the scale. */
function tick(total: number): number {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
  return steps.find((step) => total / step <= 8) ?? 1200;
}

/** The SVG. @param title above it */
export function timelineSvg(title: string, rows: readonly StageRow[], path: readonly Step[]): string {
  const total = Math.max(1, ...rows.map(({ to }) => to));
  const room = size.width - size.left - size.right;
  const x = (seconds: number): number => size.left + (seconds / total) * room;
  const height = size.top + rows.length * size.row + 30;
  const every = tick(total);
  const scale = Array.from({ length: Math.floor(total / every) + 1 }, (_, index) => index * every).map(
    (at) =>
      element("line", {
        x1: x(at),
        x2: x(at),
        y1: size.top - 6,
        y2: height - 26,
        "stroke-width": 0.5,
        ...stroke("line"),
      }) + textAt(x(at), height - 12, `${at} s`, { size: 10, colour: "dim", anchor: "middle" }),
  );
  const bars = rows.map((row, index) => {
    const y = size.top + index * size.row;
    const bar = (from: number, to: number, inner: number, colour: "free" | "weights"): string =>
      element("rect", {
        ...{ x: x(from), y: y + inner, width: Math.max(1, x(to) - x(from)), height: size.bar - 2 * inner, rx: 2 },
        ...fill(colour),
      });
    const critical = path.filter(({ urn }) => stageOf(urn) === row.id);
    const waits = row.waitsFor.length === 0 ? "" : ` after ${row.waitsFor.join(", ")}`;
    return [
      textAt(size.left - 10, y + 11, row.title, { size: size.font, anchor: "end" }),
      bar(row.from, row.to, 0, "free"),
      ...critical.map(({ from, to }) => bar(from, to, 3, "weights")),
      textAt(x(row.to) + 6, y + 11, `${(row.to - row.from).toFixed(1)} s${waits}`, { size: 11, colour: "dim" }),
    ].join("");
  });
  const inside = [
    style(),
    element("rect", { width: size.width, height, ...fill("page") }),
    textAt(16, 24, title, { size: 14, bold: true }),
    ...scale,
    ...bars,
  ];
  const box = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${size.width} ${height}`,
    width: size.width,
    height,
  };
  return `${element("svg", { ...box, "font-family": "DejaVu Sans, Verdana, sans-serif", role: "img" }, inside.join(""))}\n`;
}
