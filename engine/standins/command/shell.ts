import { spawn, type ChildProcess } from "node:child_process";
import { goError, goQuote } from "./goText";
import { Capture, type Logging, type ShellOutput } from "./output";

export type { ShellOutput } from "./output";

/** How a command is run. Same names and defaults as the arguments of `command:local:Command`. */
export interface ShellOptions {
  /** Program and arguments before the command text. @default ["/bin/sh", "-c"] */
  readonly interpreter?: readonly string[] | undefined;
  readonly dir?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | undefined;
  /** Which lines are shown while the command runs. @default "stdoutAndStderr" */
  readonly logging?: Logging | undefined;
  /** @default true */
  readonly addPreviousOutputInEnv?: boolean | undefined;
}

/** Time, in ms, between asking a command's processes to end and ending them. */
const GRACE_MS = 3_000;

/** Runs commands, each in its own process group, and can end them all. */
export class Shell {
  private readonly running = new Map<ChildProcess, Promise<void>>();

  /**
   * Runs `command` to its end.
   * @throws Error with the text of the official plugin: `exit status 3: running "<command>":\n<stdout and stderr>`
   */
  async run(
    command: string,
    options: ShellOptions,
    previous: ShellOutput,
    log: (line: string) => void,
  ): Promise<ShellOutput> {
    const words = options.interpreter?.length ? options.interpreter : ["/bin/sh", "-c"];
    const [file = "/bin/sh", ...args] = [...words, command];
    const child = spawn(file, args, {
      cwd: options.dir,
      env: environmentOf(options, previous),
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const capture = new Capture(options.logging ?? "stdoutAndStderr", log);
    capture.collect(child.stdout, child.stderr);
    // A command need not read its input; a closed pipe is not a failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");

    const failure = await this.ended(child, file, options.dir);
    if (failure !== undefined) {
      throw new Error(`${failure}: running ${goQuote(command)}:\n${capture.both()}`);
    }
    return capture.output();
  }

  /** Asks every running command to end (SIGTERM to its process group), and ends it after 3 s. */
  async cancel(): Promise<void> {
    const endings = [...this.running].map(async ([child, ended]) => {
      signalGroup(child, "SIGTERM");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(timer);
      // The command has gone; what it started may have ignored SIGTERM and closed its pipes.
      signalGroup(child, "SIGKILL");
    });
    await Promise.all(endings);
  }

  /** Resolves when the command has ended and its pipes are closed, with why it failed, if it did. */
  private async ended(child: ChildProcess, file: string, dir: string | undefined): Promise<string | undefined> {
    const result = new Promise<string | undefined>((resolve) => {
      child.on("error", (error) => resolve(goError(error, file, dir)));
      child.on("close", (code, signal) => {
        if (signal !== null) resolve(`signal: ${goSignalName(signal)}`);
        else resolve(code === 0 ? undefined : `exit status ${code ?? "unknown"}`);
      });
    });
    const done = result.then(() => undefined);
    this.running.set(child, done);
    try {
      return await result;
    } finally {
      this.running.delete(child);
    }
  }
}

function environmentOf(options: ShellOptions, previous: ShellOutput): NodeJS.ProcessEnv {
  const last: Record<string, string> = {};
  if (options.addPreviousOutputInEnv ?? true) {
    if (previous.stdout !== "") last["PULUMI_COMMAND_STDOUT"] = previous.stdout;
    if (previous.stderr !== "") last["PULUMI_COMMAND_STDERR"] = previous.stderr;
  }
  return { ...process.env, ...options.environment, ...last };
}

function goSignalName(signal: NodeJS.Signals): string {
  const names: Partial<Record<NodeJS.Signals, string>> = {
    SIGHUP: "hangup",
    SIGINT: "interrupt",
    SIGKILL: "killed",
    SIGTERM: "terminated",
    SIGSEGV: "segmentation fault",
    SIGABRT: "aborted",
  };
  return names[signal] ?? signal;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}
