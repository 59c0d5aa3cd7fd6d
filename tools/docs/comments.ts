/** Doc comments as Markdown of one line. */
import ts from "typescript";

/** A doc comment, taken apart. */
export interface Comment {
  /** Without its tags; empty where there is none. */
  readonly text: string;
  /** Of `@default`. */
  readonly fallback?: string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

const textOf = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  oneLine(ts.getTextOfJSDocComment(comment) ?? "");

/** The comment before a declaration or a key. */
export function commentOf(node: ts.Node): Comment {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const tags = docs.flatMap(({ tags: own }) => [...(own ?? [])]);
  const fallback = tags.find(({ tagName }) => tagName.text === "default");
  return {
    text: docs.map(({ comment }) => textOf(comment)).join(" "),
    ...(fallback === undefined ? {} : { fallback: textOf(fallback.comment) }),
  };
}

/** Text as Markdown shows it: outside of code, what is in angle brackets would be HTML. */
export const shown = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/</g, "\\<")))
    .join("");

/** Text inside a table: a bar would end its cell. */
export const cell = (text: string): string => shown(oneLine(text)).replace(/\|/g, "\\|");

/** A table; empty without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
