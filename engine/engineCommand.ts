import type { PulumiCommand } from "@pulumi/pulumi/automation";
import * as path from "node:path";
import { SemVer } from "semver";
import { runChild, type ChildOptions } from "./child";
import type { PulumiCli } from "./pulumiCli";

/** How the Automation API wants a CLI run to end. */
interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A `pulumi` that ended with an error. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    readonly args: readonly string[],
    readonly stdout: string,
    readonly stderr: string,
    /** The signal that ended it, if one did. */
    readonly signal: NodeJS.Signals | null,
  ) {
    super(`pulumi ${args[0] ?? ""} failed:\n${stderr.trim() || stdout.trim()}`);
  }
}

/**
 * The CLI as the Automation API sees it. Takes the place of its own `PulumiCommand` for three reasons: after each `up`
 * and `destroy` the API asks for outputs (twice) and the history, 0.35 s each, which nobody here reads; it selects the
 * stack first, though `--stack` is given with every command; and it cannot keep a terminal's Ctrl-C from the engine.
 */
export class EngineCommand implements Pick<PulumiCommand, "command" | "version"> {
  readonly command: string;
  readonly version: SemVer;

  constructor(cli: PulumiCli) {
    this.command = cli.command;
    this.version = new SemVer(cli.version);
  }

  /** Called by the Automation API. `stack select` and what follows an operation are answered without a process. */
  run(
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv,
    onStdout?: (text: string) => void,
    onStderr?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<CommandResult> {
    const known = ANSWERED[args.slice(0, 2).join(" ")];
    if (known !== undefined) return Promise.resolve({ stdout: known, stderr: "", code: 0 });
    return this.exec(args, cwd, env, {
      ...(onStdout === undefined ? {} : { onStdout }),
      ...(onStderr === undefined ? {} : { onStderr }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /**
   * Runs `pulumi <args>` in `cwd` with exactly `env`, and PATH with the folder of the CLI in front.
   * @throws CliError when it fails
   */
  async exec(
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv,
    streams: Pick<ChildOptions, "onStdout" | "onStderr" | "signal" | "stdin"> = {},
  ): Promise<CommandResult> {
    // Pulumi looks for its bundled plugins beside itself.
    const searchPath = [path.dirname(this.command), env["PATH"] ?? ""].join(path.delimiter);
    const result = await runChild(this.command, [...args, "--non-interactive"], {
      cwd,
      env: { ...env, PATH: searchPath, PULUMI_AUTOMATION_API: "true" },
      ...streams,
    });
    if (result.startError !== undefined) throw result.startError;
    if (result.code !== 0) throw new CliError(args, result.stdout, result.stderr, result.signal);
    return { stdout: result.stdout, stderr: result.stderr, code: 0 };
  }
}

const ANSWERED: Readonly<Record<string, string>> = {
  "stack select": "",
  "stack output": "{}",
  "stack history": "[]",
};
