/** The command line of `npm run preview`. */
import { Command, InvalidArgumentError } from "commander";
import type { Fault } from "../../config/errors";
import { UsageError } from "../plan/usage";

/** Options as commander hands them on. */
export interface PreviewOptions {
  readonly stack?: string;
  /** Every stack that the change since `base` touches. */
  readonly changed?: boolean;
  /** Only the names of the stacks. */
  readonly list?: boolean;
  /** A commit to compare the plan with. */
  readonly base?: string;
  readonly baseFile?: string;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly picture?: string;
  readonly inspect?: boolean;
  /** A file, or a directory of `<stack>.json`; false: compare with nothing. */
  readonly state: string | boolean;
  /** Seconds for each host. */
  readonly timeout: number;
}

const help = `
Nothing is touched: no host, cluster or API is asked, and nothing is written. Secrets that are not set, and keys that a
bring-up needs and the stack file does not have yet, get placeholders, and the preview names them.

--inspect looks at each host with GPUs over SSH, with the key in the secret hostSshKey (needs the stack's passphrase) or
one of your SSH agent. It reads only, and refuses a host that shows another key than hosts[].ssh.hostKey.

--base also plans the stack file that the change starts from (that of the merge base), with this version of the planner, and
shows the plan before and after. Where the passphrase opens both, users of the gateway are compared too: counted, not named.

--changed --base <commit> previews every stack that the change touches: a stack file touches its stack, any other file of
the program all of them. With --markdown it is one comment, and the exit code is the worst.

Compared with the state that \`npm start\` keeps, for a stack on this machine; else with that in the file:// backend
which is configured (PULUMI_BACKEND_URL, Pulumi.yaml, or the last \`pulumi login\`); else with nothing.

Exit code: 0 no changes, 2 changes, 3 dangerous changes, 1 a fault.`;

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 600) return value;
  throw new InvalidArgumentError("It must be 1 to 600 seconds.");
}

/** The command without its action. */
export const previewCommand = (): Command =>
  new Command("npm run preview --")
    .description("What an up would do, by the real engine: what may hurt first. Needs no network and no credentials.")
    .option("--stack <name>", "stack file Pulumi.<name>.yaml")
    .option("--changed", "with --base: every stack that the change touches")
    .option("--list", "with --changed: only the names of those stacks, as a JSON list")
    .option("--base <commit>", "also plan the stack file of this branch or commit, and compare")
    .option("--base-file <file>", "the same with a stack file")
    .option("--full", "every resource, with what of it changes")
    .option("--json", "the changes for machines")
    .option("--markdown", "the changes as a comment for a pull request")
    .option("--picture <url>", "with --markdown: address of the plan's picture")
    .option("--inspect", "look at each host with GPUs over SSH, reading only: which will reboot and why")
    .option("--timeout <seconds>", "longest look at one host", seconds, 30)
    .option("--state <file>", "compare with what `pulumi stack export` wrote; or a directory of <stack>.json", true)
    .option("--no-state", "compare with nothing")
    .addHelpText("after", help);

const fault = (path: string, found: string, needed: string, fix: string): Fault => ({ path, found, needed, fix });

/** @throws UsageError when the options do not go together */
export function checkOptions(options: PreviewOptions): void {
  const { stack, changed = false, base, baseFile, inspect = false, json = false, picture } = options;
  const faults: Fault[] = [];
  if (changed && stack !== undefined) {
    faults.push(fault("--changed", "--changed with --stack", "one of them", "leave out --stack"));
  } else if (!changed && stack === undefined) {
    faults.push(fault("--stack", "nothing", "a stack, or --changed", "write `--stack homelab`, or see --help"));
  }
  if (changed && base === undefined) {
    faults.push(
      fault("--changed", "no --base", "the commit that the change starts from", "write `--base origin/main`"),
    );
  }
  if (options.list === true && !changed) {
    faults.push(
      fault("--list", "--list without --changed", "--changed and --base", "add --changed --base origin/main"),
    );
  }
  if (baseFile !== undefined && (changed || base !== undefined)) {
    const found = `--base-file with ${changed ? "--changed" : "--base"}`;
    faults.push(fault("--base-file", found, "one stack and one base", "leave out one of them"));
  }
  if (changed && (inspect || json || picture !== undefined)) {
    const found = [inspect ? "--inspect" : "", json ? "--json" : "", picture === undefined ? "" : "--picture"];
    const list = found.filter((name) => name !== "").join(", ");
    faults.push(fault("--changed", `--changed with ${list}`, "text or --markdown", "ask stack by stack"));
  }
  if (faults.length > 0) throw new UsageError(faults);
}
