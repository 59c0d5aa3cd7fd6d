/** Changes as a comment on a pull request: what may hurt first, the rest folded. Same changes, same bytes. */
import { count } from "../../plan/explain/words";
import { operations, type Changes, type StageChanges } from "./changes";
import { propertyLines } from "./full";
import { lookVerdict } from "./lookText";
import { fenced, folded, plain, table } from "./markup";
import { planLines } from "./planMarkdown";
import { titleOf } from "./stages";
import { signs, thingsWords } from "./words";

/** How to write it. */
export interface MarkdownOptions {
  /** Address of the plan as a picture (`npm run plan -- --stack S --svg`). @default only the diagram that is in the comment */
  readonly picture?: string | undefined;
  /** Characters of the list of every resource, at most. @default 60,000 */
  readonly most?: number;
}

/** GitHub refuses a comment of more than 65,536 characters; the folded list is cut below that. */
export const mostCharacters = 60_000;

/** By this line a comment is found again, and edited in place. */
export const markOf = (stack: string): string => `<!-- tokenrack preview of ${stack} -->`;

function headline({ stack, counts, dangers }: Changes): string {
  const parts = operations.filter((op) => counts[op] > 0).map((op) => `${counts[op]} to ${op}`);
  if (parts.length === 0) return `### ${plain(stack)}: no changes`;
  const danger = dangers.length === 0 ? "nothing dangerous" : `⚠️ ${count(dangers.length, "danger")}`;
  return `### ${plain(stack)}: ${danger}; ${parts.join(", ")}`;
}

const dangerLines = ({ dangers, notes }: Changes): readonly string[] => {
  const lines = [
    ...dangers.flatMap(({ text, why }) => [`- **${plain(text)}**`, ...why.map((reason) => `  - ${plain(reason)}`)]),
    ...notes.map((note) => `- ${plain(note)}`),
  ];
  return lines.length === 0 ? [] : ["", ...lines];
};

const stageRows = ({ stage, changes }: StageChanges): readonly (readonly string[])[] =>
  operations.flatMap((op) => {
    const own = changes.filter((change) => change.op === op).flatMap(({ thing }) => thing ?? []);
    return own.length === 0 ? [] : [[titleOf(stage), `${signs[op]} ${op}`, plain(thingsWords(own, op).join("; "))]];
  });

function tableLines({ stages }: Changes): readonly string[] {
  return table(["stage", "", "what"], stages.flatMap(stageRows));
}

/** Every resource as a diff, which GitHub colours. */
function diffLines({ stages }: Changes, most: number): readonly string[] {
  const sign = { create: "+", update: "!", replace: "-", delete: "-" } as const;
  const lines = stages.flatMap(({ stage, changes }) => [
    `# ${titleOf(stage)}`,
    ...changes.flatMap(({ op, name, type, changed }) => [
      `${sign[op]} ${op} ${name} (${type})`,
      ...changed.flatMap(propertyLines).map((line) => `      ${line}`),
    ]),
  ]);
  let size = 0;
  const shown = lines.filter((line) => (size += line.length + 1) < most);
  const more = lines.length - shown.length;
  if (lines.length === 0) return [];
  return fenced("diff", more === 0 ? shown : [...shown, `# ${more} more lines: npm run preview -- --full`]);
}

function looked({ looks }: Changes): readonly string[] {
  return (looks ?? []).flatMap((look) => [
    `- **${plain(look.host)}** ${lookVerdict(look)}`,
    ...look.faults.map(({ checked, found, fix }) => `  - ${plain(checked)}: ${plain(found)}; ${plain(fix)}`),
    ...look.reboot.map((why) => `  - ${plain(why)}`),
  ]);
}

function comparedLines({ compared, counts, undecided, warnings }: Changes): readonly string[] {
  const { state, resources, secretPlaceholders, keyPlaceholders, standIns } = compared;
  const list = (title: string, items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : [`- ${title}: ${items.map((item) => `\`${item}\``).join(", ")}`];
  return [
    // Where it lies on the machine that made the comment is of no use to who reads it.
    state === undefined
      ? "- compared with nothing: no state was there"
      : `- compared with ${count(resources, "recorded resource")}`,
    `- ${count(counts.same, "resource")} unchanged`,
    ...(undecided === 0 ? [] : [`- ${count(undecided, "resource")} of which only the up knows whether they change`]),
    ...(compared.hidden === true ? ["- recorded secrets could not be opened here: a change of one does not show"] : []),
    ...list("placeholders for keys that a bring-up needs and the stack file does not have", keyPlaceholders),
    ...list("placeholders for secrets that were not there", secretPlaceholders),
    ...list("stand-ins for official plugins", standIns),
    ...warnings.map((warning) => `- ${plain(warning)}`),
  ];
}

/** The whole comment, ends with a line break. */
export function markdownOf(changes: Changes, options: MarkdownOptions = {}): string {
  const found = looked(changes);
  return [
    markOf(changes.stack),
    headline(changes),
    ...dangerLines(changes),
    ...tableLines(changes),
    ...planLines(changes, options.picture),
    ...(found.length === 0 ? [] : ["", "**Hosts as they were found**", "", ...found]),
    ...folded("every resource", diffLines(changes, options.most ?? mostCharacters)),
    ...folded("what it was compared with", comparedLines(changes)),
    "",
  ].join("\n");
}
