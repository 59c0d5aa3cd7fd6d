/** The command line of `npm run preview`. */
import { Command, InvalidArgumentError } from "commander";

/** Options as commander hands them on. */
export interface PreviewOptions {
  readonly stack: string;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly picture?: string;
  readonly inspect?: boolean;
  /** A file; false: compare with nothing. */
  readonly state: string | boolean;
  /** Seconds for each host. */
  readonly timeout: number;
}

const help = `
Nothing is touched: no host, cluster or API is asked, and nothing is written. Secrets that are not set, and keys that a
bring-up needs and the stack file does not have yet, get placeholders, and the preview names them.

--inspect looks at each host with GPUs over SSH, with the key in the secret hostSshKey (needs the stack's passphrase) or
one of your SSH agent. It reads only, and refuses a host that shows another key than hosts[].ssh.hostKey.

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
    .requiredOption("--stack <name>", "stack file Pulumi.<name>.yaml")
    .option("--full", "every resource, with what of it changes")
    .option("--json", "the changes for machines")
    .option("--markdown", "the changes as a comment for a pull request")
    .option("--picture <url>", "with --markdown: address of the plan's picture")
    .option("--inspect", "look at each host with GPUs over SSH, reading only: which will reboot and why")
    .option("--timeout <seconds>", "longest look at one host", seconds, 30)
    .option("--state <file>", "compare with what `pulumi stack export` wrote", true)
    .option("--no-state", "compare with nothing")
    .addHelpText("after", help);
