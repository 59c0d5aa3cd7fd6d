/** A stack that cannot be previewed: its comment is made all the same, with every fault. */
import { ProfileError, UserError, type Fault } from "../../config/errors";
import { count } from "../../plan/explain/words";
import type { Base } from "./compare";
import { fenced, plain, table } from "./markup";
import { markOf } from "./markdown";
import { lostPlanLines } from "./planMarkdown";

/** What stands in the way. */
export interface Failure {
  readonly stack: string;
  /** Empty where there is only a message. */
  readonly faults: readonly Fault[];
  readonly message: string;
  readonly base?: Base | undefined;
}

/** @throws the error itself where it is no user's fault: it must be seen */
export function failureOf(stack: string, error: unknown, base?: Base): Failure {
  if (!(error instanceof UserError)) throw error;
  const faults = error instanceof ProfileError ? error.faults : [];
  return { stack, faults, message: error.message, base };
}

/** Length of a message that is shown. */
const mostLines = 40;

/** The comment, ends with a line break. */
export function failureMarkdown({ stack, faults, message, base }: Failure): string {
  const what = faults.length === 0 ? "no preview" : `${count(faults.length, "fault")}, an up refuses`;
  const rows = faults.map(({ path, found, needed, fix }) => [`\`${path}\``, plain(found), plain(needed), plain(fix)]);
  return [
    markOf(stack),
    `### ${plain(stack)}: ❌ ${what}`,
    ...table(["where", "found", "needed", "fix"], rows),
    ...(faults.length === 0 ? ["", ...fenced("text", message.split("\n").slice(0, mostLines))] : []),
    ...(base === undefined ? [] : lostPlanLines(base)),
    "",
  ].join("\n");
}
