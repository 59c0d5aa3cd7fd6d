/** The programs that run in a rack for as long as it does. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childOf, type Namespaces } from "./namespaces";

/** A program gets this long, in ms, to end by itself. */
const GRACE_MS = 5_000;

interface Running {
  readonly child: ChildProcess;
  readonly log: string;
}

const hasEnded = ({ child }: Running): boolean => child.exitCode !== null || child.signalCode !== null;

export class Programs {
  private readonly running = new Map<string, Running>();

  /** @param logs directory of their logs, each `<name>.log` */
  constructor(
    private readonly namespaces: Namespaces,
    private readonly logs: string,
  ) {
    mkdirSync(logs, { recursive: true });
  }

  /** @param name one of its own: "kubelet-node1" */
  start(name: string, command: string, args: readonly string[]): void {
    const log = path.join(this.logs, `${name}.log`);
    const output = openSync(log, "a");
    const [nsenter = "", ...rest] = this.namespaces.enter;
    const child = spawn(nsenter, [...rest, command, ...args], {
      // A folder of the machine's own must not be held by what runs in there.
      cwd: "/",
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    child.on("error", () => undefined);
    this.running.set(name, { child, log });
  }

  /** Ends it: asks, waits, then forces. */
  async end(name: string): Promise<void> {
    const one = this.running.get(name);
    this.running.delete(name);
    if (one === undefined) return;
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const deadline = Date.now() + GRACE_MS;
      // The program is a child of the one that entered the namespaces, which passes no signal on.
      const inside = childOf(one.child.pid ?? 0);
      if (inside !== undefined) process.kill(inside, signal);
      while (Date.now() < deadline && !hasEnded(one)) await sleep(20);
      if (hasEnded(one)) return;
    }
  }

  /**
   * Waits until `isSo`.
   * @param what for the one who reads the error: "node n1 is Ready"
   * @throws Error after `timeoutMs`, or when one of `names` has ended, with the end of its log
   */
  async until(what: string, names: readonly string[], timeoutMs: number, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isSo())) {
      const gone = names.find((name) => {
        const one = this.running.get(name);
        return one === undefined || hasEnded(one);
      });
      if (gone !== undefined) throw new Error(`${gone} has ended, before ${what}:\n${this.tail(gone)}`);
      if (Date.now() > deadline) {
        const tails = names.map((name) => `${name}: ${this.tail(name)}`).join("\n");
        throw new Error(`not after ${timeoutMs / 1000} s: ${what}\n${tails}`);
      }
      await sleep(100);
    }
  }

  private tail(name: string): string {
    const log = path.join(this.logs, `${name}.log`);
    return readFileSync(log, "utf8").trim().split("\n").slice(-15).join("\n");
  }
}
