/** One comment for a whole change: every stack that it touches, the worst first. Pure. */
import { plain } from "./markup";
import { markOf } from "./markdown";

/** By this line the comment is found again, and edited in place. */
export const commentMark = "<!-- tokenrack preview -->";

export type ExitCode = 0 | 1 | 2 | 3;

/** What came of one stack. */
export interface Section {
  readonly stack: string;
  /** Its own comment. */
  readonly markdown: string;
  readonly exitCode: ExitCode;
}

/** A fault is worse than a danger, and a danger than a change. */
const badness: Readonly<Record<ExitCode, number>> = { 1: 3, 3: 2, 2: 1, 0: 0 };
const verdicts: Readonly<Record<ExitCode, string>> = {
  0: "no changes",
  1: "❌ fault",
  2: "changes, nothing dangerous",
  3: "⚠️ dangerous changes",
};

/** That of the worst stack. */
export const worstOf = (sections: readonly Pick<Section, "exitCode">[]): ExitCode =>
  sections.reduce<ExitCode>((worst, { exitCode }) => (badness[exitCode] > badness[worst] ? exitCode : worst), 0);

/** GitHub takes 65,536 characters in a comment, GitLab 1,000,000. */
const mostCharacters = 65_000;

/** A section that is too long keeps its start: what is dangerous. */
function cut(markdown: string, most: number): string {
  if (markdown.length <= most) return markdown;
  const start = markdown.slice(0, most);
  const opened = (start.match(/<details>/g)?.length ?? 0) - (start.match(/<\/details>/g)?.length ?? 0);
  const fences = (start.match(/^```/gm)?.length ?? 0) % 2;
  const closing = `${fences === 1 ? "\n```" : ""}${"\n\n</details>".repeat(opened)}`;
  return `${start.slice(0, start.lastIndexOf("\n"))}${closing}\n\n(cut: \`npm run preview\` shows all of it)\n`;
}

/** The comment, ends with a line break. @param gone stacks whose file was removed */
export function commentOf(sections: readonly Section[], gone: readonly string[] = []): string {
  const ordered = [...sections].sort((a, b) => badness[b.exitCode] - badness[a.exitCode]);
  const lines = gone.map(
    (stack) => `- **${plain(stack)}** has no stack file any more: what it made stays until \`pulumi destroy\``,
  );
  const rows = ordered.map(({ stack, exitCode }) => `| ${plain(stack)} | ${verdicts[exitCode]} |`);
  const head = [
    commentMark,
    "## Preview",
    "",
    ...(rows.length === 0
      ? ["No stack is touched."]
      : rows.length === 1
        ? []
        : ["| stack | |", "| --- | --- |", ...rows]),
    ...(lines.length === 0 ? [] : ["", ...lines]),
  ].join("\n");
  const each = Math.floor((mostCharacters - head.length) / Math.max(1, ordered.length)) - 200;
  const bodies = ordered.map(({ stack, markdown }) => cut(markdown.replace(`${markOf(stack)}\n`, "").trimEnd(), each));
  return `${[head.trimEnd(), ...bodies].join("\n\n")}\n`;
}
