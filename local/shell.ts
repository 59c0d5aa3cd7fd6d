/** Runs a program to its end, its output line by line as progress. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { progress } from "./report";

/** How to run. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** True: in a session of its own, so that what it leaves running is not ended with this command. @default false */
  readonly detached?: boolean;
  /** Called with each line of stdout and stderr. @default shows it as progress */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program and waits for its end.
 * @returns its exit code and the last 40 lines of its output
 * @throws Error when the program cannot be started
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number; tail: string }> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: options.detached ?? false,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tail: string[] = [];
  const onLine = options.onLine ?? progress;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      tail.push(line);
      if (tail.length > 40) tail.shift();
      onLine(line);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    // "close" and not "exit": the last lines may come after the exit. A daemon must not hold the pipes open.
    child.once("close", (exitCode, signalName) => resolve(exitCode ?? (signalName === null ? 1 : 128)));
  });
  return { code, tail: tail.join("\n") };
}
