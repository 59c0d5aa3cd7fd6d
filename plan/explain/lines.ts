/** Lines of text: wrapped between words, under a label, never wider than told. */

/** Words on lines of at most `width` characters; a word that is longer gets its own line. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** How wide a text may be, and how its labels look. */
export interface Frame {
  /** Characters in a line. */
  readonly width: number;
  /** Characters before the text of a labelled line: the indent, the label and a gap. */
  readonly indent: number;
}

/** A label and its text, wrapped, with the text of all lines at one column. */
export function labelled(label: string, text: string, { width, indent }: Frame): readonly string[] {
  const head = `  ${label}`.padEnd(indent);
  return wrap(text, width - indent).map((line, index) => `${index === 0 ? head : " ".repeat(indent)}${line}`);
}

/** The middle of a text left out when it is longer than `width`. */
export const shorten = (text: string, width: number): string =>
  text.length <= width
    ? text
    : `${text.slice(0, Math.ceil((width - 1) / 2))}…${text.slice(-Math.floor((width - 1) / 2))}`;
