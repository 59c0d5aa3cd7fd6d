/** GPUs with the same use: cards, rank, a bar of memory each and the GiB of each part; greyed with the reason when idle. */
import type { Gpu } from "../cluster/hardware";
import { ranges } from "../explain/gpuRows";
import { gpuBytes, segmentNames, type Segments } from "../explain/segments";
import { gibOf } from "../explain/words";
import { lineHeight, paragraph, stack, textAt, type Block } from "./block";
import { cutText, element, escapeXml, textWidth } from "./svg";
import { fill, fillAndEdge, legend } from "./theme";

const label = 12;
const figures = 11;
const square = 8;
/** Space between the parts of a GPU in px. */
const gap = 4;
/** Height of a bar, and the space to the next one of the same entry, in px: thin where there are several. */
const bars = { single: 15, thin: 8, gap: 3 } as const;

/** What GPUs do. */
export type Use = { readonly rank: string; readonly segments: Segments } | { readonly reason: string };

/** GPUs of one node that follow each other, are of one kind and do the same. */
export interface Entry {
  readonly gpus: readonly Gpu[];
  readonly use: Use;
}

/** What all GPUs of a picture share. */
export interface GpuScale {
  /** Width of a GPU in px. */
  readonly width: number;
  /** Each GPU names its card: not all of the node are alike. */
  readonly namesCard: boolean;
  /** Memory of the largest GPU in bytes: its bar fills the width. */
  readonly largest: number;
}

/** Where the bars of an entry are, from its top, in px. */
export function barsOf({ gpus }: Entry): { readonly top: number; readonly height: number; readonly bottom: number } {
  const top = lineHeight(label) + gap;
  const height = gpus.length === 1 ? bars.single : bars.thin;
  return { top, height, bottom: top + gpus.length * (height + bars.gap) - bars.gap };
}

/** "GPU 0-7", the card where the node has several kinds, and at the right what they do. */
function labelLine({ gpus, use }: Entry, namesCard: boolean, width: number): Block {
  const right = "rank" in use ? use.rank : "idle";
  const colour = "rank" in use ? "text" : "dim";
  const numbers = gpus.map(({ id, node }) => Number(id.slice(node.length + 1)));
  const which = numbers.some(Number.isNaN) ? gpus.map(({ id }) => id).join(", ") : `GPU ${ranges(numbers)}`;
  const card = namesCard ? ` · ${gpus[0]?.model.name ?? ""}` : "";
  const name = cutText(`${which}${card}`, width - textWidth(right, label, true) - 8, label);
  return {
    height: lineHeight(label),
    draw: (x, y) =>
      textAt(x, y + label, name, { size: label, colour }) +
      textAt(x + width, y + label, right, { size: label, colour, anchor: "end", bold: true }),
  };
}

/** A bar of parts, or an empty one with a dashed edge. */
function barAt(x: number, y: number, height: number, gpu: Gpu, use: Use, scale: number): string {
  if ("reason" in use) {
    const size = { width: gpuBytes(gpu) * scale - 1, height: height - 1 };
    return element("rect", { x: x + 0.5, y: y + 0.5, ...size, ...fillAndEdge("host", "free") });
  }
  let at = x;
  return legend
    .map(([colour, words], index) => {
      const bytes = use.segments[segmentNames[index] ?? "free"];
      const left = at;
      at += bytes * scale;
      if (bytes === 0) return "";
      const title = element("title", {}, escapeXml(`${gpu.id}: ${words} ${gibOf(bytes)} GiB`));
      return element("rect", { x: left, y, width: bytes * scale, height, ...fill(colour) }, title);
    })
    .join("");
}

/** A coloured square and GiB for each part, in equal columns. */
function numbers(segments: Segments, width: number): Block {
  const columnWidth = width / segmentNames.length;
  return {
    height: lineHeight(figures),
    draw: (x, y) =>
      legend
        .map(([colour], index) => {
          const left = x + index * columnWidth;
          const mark = element("rect", { x: left, y: y + 3, width: square, height: square, rx: 1.5, ...fill(colour) });
          const text = gibOf(segments[segmentNames[index] ?? "free"]);
          return mark + textAt(left + square + 4, y + figures, text, { size: figures });
        })
        .join(""),
  };
}

/** The GPUs of one entry. */
export function gpuBlock(entry: Entry, { width, namesCard, largest }: GpuScale): Block {
  const { gpus, use } = entry;
  const { top, height, bottom } = barsOf(entry);
  const all: Block = {
    height: bottom - top,
    draw: (x, y) =>
      gpus.map((gpu, i) => barAt(x, y + i * (height + bars.gap), height, gpu, use, width / largest)).join(""),
  };
  const under =
    "rank" in use ? numbers(use.segments, width) : paragraph(use.reason, width, { size: figures, colour: "dim" });
  return stack([labelLine(entry, namesCard, width), all, under], gap);
}
