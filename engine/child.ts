import { spawn, type ChildProcess } from "node:child_process";

export interface ChildOptions {
  readonly cwd?: string;
  /** The whole environment of the child. @default the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the child's standard input, which is then closed. @default empty */
  readonly stdin?: string;
  /** After this many ms the child and all it started are killed. @default no limit */
  readonly timeoutMs?: number;
  /** Sends SIGINT to the child (not to what it started) when aborted. */
  readonly signal?: AbortSignal;
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
}

export interface ChildResult {
  /** Exit status; null when a signal ended the child or it could not be started. */
  readonly code: number | null;
  /** The signal that ended the child. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Why the child could not be started. */
  readonly startError?: Error;
}

/**
 * Runs a program to its end. Never rejects: a failed start and a timeout are results.
 * The child leads its own process group, so that a timeout ends its children too and a Ctrl-C on the terminal reaches
 * it only through `signal` (Pulumi takes a second SIGINT as "stop at once", and the terminal would send that one).
 */
export function runChild(command: string, args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
    });
    const output = { stdout: "", stderr: "" };
    let timedOut = false;
    const interrupt = (): void => void child.kill("SIGINT");
    // We end: so does the whole group. A build's compilers would otherwise go on, and the next run would start them again.
    const endGroup = (): void => killGroup(child, "SIGTERM");
    const finish = (code: number | null, signal: NodeJS.Signals | null, startError?: Error): void => {
      clearTimeout(timer);
      process.off("exit", endGroup);
      options.signal?.removeEventListener("abort", interrupt);
      resolve({ code, signal, ...output, timedOut, ...(startError === undefined ? {} : { startError }) });
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            killGroup(child, "SIGKILL");
          }, options.timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
      options.onStdout?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
      options.onStderr?.(text);
    });
    child.on("error", (error) => finish(null, null, error));
    child.on("close", finish);
    process.on("exit", endGroup);
    if (options.signal?.aborted === true) interrupt();
    options.signal?.addEventListener("abort", interrupt);
    // The child may end without reading its input; that is not our error.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}

/** Sends `signal` to the process group that `child` leads; does nothing when it is already gone. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the whole group has ended.
  }
}
