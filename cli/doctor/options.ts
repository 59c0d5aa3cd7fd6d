/** The command line of `npm run doctor`. */
import { Command, InvalidArgumentError } from "commander";
import { UsageError } from "../plan/usage";

/** Options as commander hands them on. */
export interface DoctorOptions {
  readonly stack?: string;
  readonly json?: boolean;
  /** File of the support archive. */
  readonly bundle?: string;
  /** File with the kubeconfig, in place of the stack's own. */
  readonly kubeconfig?: string;
  /** Where the public name is, "192.168.3.220" or "127.0.0.1:8443", in place of what its DNS says. */
  readonly at?: Address;
  /** Seconds for one answer. */
  readonly timeout: number;
}

/** Where a name is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const help = `
Looks from the hosts up to a token and names the layer that is broken: what was checked, found and expected, and the fix.
Changes nothing: hosts are read over SSH, Proxmox's and Kubernetes' API by GET, and one token is generated.

What opens a stack: the passphrase (PULUMI_CONFIG_PASSPHRASE), with which the stack file's secrets are read; for the hosts
the secret hostSshKey or your SSH agent; for a cluster that a stack made its output kubeconfig, or --kubeconfig.

--bundle writes what a helper needs, without secrets: versions, the plan, the stack file, the findings, the last log lines.

Exit code: 0 all well, 1 a layer is broken, 2 a layer could not be looked at, or what was typed is not understood.`;

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 600) return value;
  throw new InvalidArgumentError("It must be 1 to 600 seconds.");
}

function address(text: string): Address {
  const [, host = "", port = "443"] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host !== "" && Number(port) > 0 && Number(port) < 65_536) {
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  }
  throw new InvalidArgumentError("It must be an address, or one with a port: 192.168.3.220, 127.0.0.1:8443.");
}

/** The command without its action. */
export const doctorCommand = (): Command =>
  new Command("npm run doctor --")
    .description("Names the broken layer of a stack, bottom up, and how to mend it. Changes nothing.")
    .option("--stack <name>", "stack file Pulumi.<name>.yaml")
    .option("--json", "the report for machines")
    .option("--bundle <file>", "also write a support archive without secrets (gzipped text)")
    .option("--kubeconfig <file>", "opens the cluster, in place of the stack's own")
    .option("--at <address>", "ask the public name there, whatever its DNS says", address)
    .option("--timeout <seconds>", "longest wait for one answer", seconds, 30)
    .addHelpText("after", help);

/** The stack that is meant. @throws UsageError when none is named */
export function stackIn({ stack }: DoctorOptions): string {
  if (stack !== undefined) return stack;
  const fix = "write `--stack homelab`, or see --help";
  throw new UsageError([{ path: "--stack", found: "nothing", needed: "a stack", fix }]);
}
