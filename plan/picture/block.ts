/** A piece of the picture that knows its height and can be drawn anywhere: pictures are stacked from these. */
import { element, escapeXml, wrapText } from "./svg";
import { fill, type Colour } from "./theme";

/** All in px. */
export interface Block {
  readonly height: number;
  /** SVG with its upper left corner at that point. */
  readonly draw: (x: number, y: number) => string;
}

/** How a text looks. */
export interface TextLook {
  readonly size: number;
  readonly colour?: Colour;
  readonly bold?: boolean;
  readonly anchor?: "start" | "end" | "middle";
}

/** One line of text with its baseline at `y`. */
export function textAt(x: number, y: number, text: string, look: TextLook): string {
  const { size, colour = "text", bold = false, anchor = "start" } = look;
  const weight = bold ? { "font-weight": "600" } : {};
  const side = anchor === "start" ? {} : { "text-anchor": anchor };
  return element("text", { x, y, "font-size": size, ...weight, ...side, ...fill(colour) }, escapeXml(text));
}

/** Height of a line of text in px. */
export const lineHeight = (size: number): number => Math.round(size * 1.4);

/** Text on as many lines as it needs. */
export function paragraph(text: string, width: number, look: TextLook): Block {
  const lines = wrapText(text, width, look.size);
  const height = lineHeight(look.size);
  return {
    height: lines.length * height,
    draw: (x, y) => lines.map((line, index) => textAt(x, y + height * (index + 1) - 4, line, look)).join(""),
  };
}

/** Blocks under each other. */
export function stack(blocks: readonly Block[], gap: number): Block {
  const heights = blocks.map(({ height }) => height);
  const offset = (index: number): number => heights.slice(0, index).reduce((sum, height) => sum + height + gap, 0);
  return {
    height: Math.max(0, offset(blocks.length) - gap),
    draw: (x, y) => blocks.map((block, index) => block.draw(x, y + offset(index))).join(""),
  };
}

/** Blocks beside each other, each `width` wide. */
export function beside(blocks: readonly Block[], width: number, gap: number): Block {
  return {
    height: Math.max(0, ...blocks.map(({ height }) => height)),
    draw: (x, y) => blocks.map((block, index) => block.draw(x + index * (width + gap), y)).join(""),
  };
}
