/** Pieces of SVG text, and how wide text is without a browser to ask. */

/** Text as it may stand in XML. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[^\P{Cc}\n]/gu, " ");

type Attributes = Readonly<Record<string, string | number>>;

/** At most two decimals: same bytes everywhere, and no picture needs more. */
const number = (n: number): string => String(Math.round(n * 100) / 100);

/** One element; `inside` is SVG, not text. */
export function element(name: string, attributes: Attributes, inside = ""): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? number(value) : escapeXml(value)}"`,
  );
  return `<${name}${list.join("")}${inside === "" ? "/>" : `>${inside}</${name}>`}`;
}

/**
 * Widths in em of DejaVu Sans, the widest of the fonts a viewer may take, by kind of letter and on the safe side: as a
 * browser measures each letter, rounded up. Letters beyond Latin are taken as wide as the widest.
 */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,'|·\s]/, 0.34],
  [/[ftr()[\]/\\:;!-]/, 0.45],
  [/[#<>^~&+=×]/, 0.85],
  [/[mwMW%@—…\u{180}-\u{10ffff}]/u, 1.01],
  [/[A-Z]/, 0.8],
];
const otherWidth = 0.65;
const boldFactor = 1.12;

/** Width of a text in px, never too small. */
export function textWidth(text: string, size: number, bold = false): number {
  const em = [...text].reduce((sum, char) => sum + (widths.find(([kind]) => kind.test(char))?.[1] ?? otherWidth), 0);
  return em * size * (bold ? boldFactor : 1);
}

/** The text, or its start and an ellipsis, within `width` px. */
export function cutText(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(`${letters.join("")}…`, size, bold) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** Lines of at most `width` px, broken between words; a word that is wider is cut. */
export function wrapText(text: string, width: number, size: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    const longer = `${last ?? ""} ${word}`;
    if (last !== undefined && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(cutText(word, width, size));
  }
  return lines;
}
