/** Pieces of Markdown. */

/** Text in which nothing is markup, and nobody is called. */
export const plain = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>|~#]/g, "\\$&").replace(/@(?=\w)/g, "@\u200b");

/** A fence of more backticks than the text has in a row. */
export function fenced(language: string, lines: readonly string[]): readonly string[] {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []).map(({ length }) => length);
  const fence = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return [`${fence}${language}`, ...lines, fence];
}

export const folded = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", "<details>", `<summary>${title}</summary>`, "", ...lines, "", "</details>"];

/** @param rows cells that are markup already */
export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0 ? [] : ["", ...[heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)];
