/**
 * What a person sees during an operation: one line a stage, and under it what it waits for. On a terminal the last line
 * is redrawn in place; elsewhere (a log, CI) only new lines are written, and one at least every 8 s.
 */
import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import type { EngineEvent } from "../engine/events";

/** Words for the resources of stack `local`; a resource that is not here is shown by its own name. */
const stages: Readonly<Record<string, string>> = {
  "ray-python": "Python environment with Ray and vLLM",
  "ray-model": "Model",
  "ray-ray": "Ray",
  "ray-serve": "Model server (Ray Serve + vLLM)",
  "gateway-process": "Gateway",
  "gateway-first-token": "First token",
};

const verbs: Readonly<Record<string, string>> = {
  create: "done",
  update: "updated",
  "create-replacement": "replaced",
  replace: "replaced",
  delete: "removed",
  "delete-replaced": "old one removed",
};

interface Running {
  readonly label: string;
  readonly since: number;
  doing: string;
}

/** Longest silence in a log, in ms. People should not look at a silent screen for more than 10 s. */
const heartbeatMs = 8000;

/** Draws an operation. Call `close` at its end. */
export class Screen {
  private readonly running = new Map<string, Running>();
  private readonly terminal: boolean;
  private lastWrite = Date.now();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly out: NodeJS.WriteStream = process.stdout) {
    this.terminal = out.isTTY === true;
    this.timer = setInterval(() => this.tick(), this.terminal ? 250 : 1000);
    this.timer.unref();
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
    this.lastWrite = Date.now();
    this.draw();
  }

  /** Something outside the engine is going on: finding the CLI, building. */
  step(text: string): void {
    this.line(`  ${pc.dim(text)}`);
  }

  /** Takes an event of the engine. */
  event(event: EngineEvent): void {
    if (event.kind === "diagnostic") return this.diagnostic(event);
    const label = stages[event.name];
    if (label === undefined || event.op === "same") return;
    if (event.kind === "resourcePre") {
      // `replace` only announces; its two halves follow.
      if (event.op !== "replace") this.running.set(event.urn, { label, since: Date.now(), doing: "" });
      return;
    }
    const since = this.running.get(event.urn)?.since ?? Date.now();
    if (!this.running.delete(event.urn)) return;
    const took = pc.dim(`${((Date.now() - since) / 1000).toFixed(1)} s`);
    const failed = event.kind === "resFailed";
    this.line(
      `${failed ? pc.red("✗") : pc.green("✓")} ${label} ${pc.dim(failed ? "failed" : (verbs[event.op] ?? event.op))} ${took}`,
    );
  }

  /** Stops drawing. */
  close(): void {
    clearInterval(this.timer);
    this.clear();
  }

  private diagnostic(event: Extract<EngineEvent, { kind: "diagnostic" }>): void {
    const entry = event.urn === undefined ? undefined : this.running.get(event.urn);
    const text = event.message.trim();
    // An error is said once, at the end, by the command that failed.
    if (text === "" || event.severity === "error") return;
    if (event.severity === "warning") return this.line(`${pc.yellow("!")} ${text}`);
    if (entry === undefined) return;
    entry.doing = text.split("\n").at(-1) ?? "";
    if (this.terminal) this.draw();
    else if (Date.now() - this.lastWrite > 1000) this.line(this.status());
  }

  private tick(): void {
    if (this.running.size === 0) return;
    if (this.terminal) this.draw();
    else if (Date.now() - this.lastWrite >= heartbeatMs) this.line(this.status());
  }

  private status(): string {
    const parts = [...this.running.values()].map(({ label, since, doing }) => {
      const seconds = Math.round((Date.now() - since) / 1000);
      return `${label} ${pc.dim(`${seconds} s${doing === "" ? "" : `, ${doing}`}`)}`;
    });
    return `${pc.cyan("…")} ${parts.join("; ")}`;
  }

  private clear(): void {
    if (this.terminal) this.out.write("\r\x1b[2K");
  }

  private draw(): void {
    if (!this.terminal || this.running.size === 0) return;
    const status = this.status();
    const plain = stripVTControlCharacters(status);
    const width = (this.out.columns ?? 80) - 1;
    // A line that wraps could not be taken back; cut, it loses its colours as well.
    this.out.write(`\r\x1b[2K${plain.length <= width ? status : plain.slice(0, width)}`);
  }
}
