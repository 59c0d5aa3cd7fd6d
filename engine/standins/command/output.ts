import type { Readable } from "node:stream";
import { LineSplitter } from "./lineSplitter";

/** What a command printed, each without its one trailing newline. */
export interface ShellOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Which lines are shown while a command runs. The official default is both. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** Collects what a command prints, and shows its lines while it runs. */
export class Capture {
  private readonly stdout: Buffer[] = [];
  private readonly stderr: Buffer[] = [];
  private readonly all: Buffer[] = [];

  constructor(
    private readonly logging: Logging,
    private readonly log: (line: string) => void,
  ) {}

  collect(stdout: Readable, stderr: Readable): void {
    this.follow(stdout, this.stdout, this.logging === "stdout" || this.logging === "stdoutAndStderr");
    this.follow(stderr, this.stderr, this.logging === "stderr" || this.logging === "stdoutAndStderr");
  }

  /** Both, in the order in which they came. */
  both(): string {
    return Buffer.concat(this.all).toString("utf8");
  }

  output(): ShellOutput {
    return { stdout: withoutNewline(this.stdout), stderr: withoutNewline(this.stderr) };
  }

  private follow(stream: Readable, own: Buffer[], shown: boolean): void {
    const lines = shown ? new LineSplitter(this.log) : undefined;
    stream.on("data", (chunk: Buffer) => {
      own.push(chunk);
      this.all.push(chunk);
      lines?.write(chunk);
    });
    stream.on("end", () => lines?.end());
  }
}

function withoutNewline(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
}
