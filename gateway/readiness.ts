import type { GatewayConfig } from "./config";
import { ApiError } from "./errors";
import type { ModelRoutes } from "./modelRoutes";
import type { Upstream } from "./upstream";

export type ReadinessState = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** A failed probe is believed this long, so that a flood of /readyz cannot become a flood of generations. */
const FAILURE_BELIEVED_MS = 1000;

/**
 * Ready means: a token was generated lately. An engine can answer /health and /v1/models while generation is dead
 * (vllm#53157), so nothing else counts.
 */
export class Readiness {
  private lastGeneratedMs = -Infinity;
  private lastFailure: { atMs: number; reason: string } | undefined;
  private probing: Promise<ReadinessState> | undefined;
  private draining = false;

  constructor(
    /** Of the moment. */
    private readonly config: () => GatewayConfig["readiness"],
    private readonly upstream: Upstream,
    private readonly routes: ModelRoutes,
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** A proxied generation worked. */
  noteGeneration(): void {
    this.lastGeneratedMs = this.nowMs();
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** From here on never ready: the process is about to end. */
  drain(): void {
    this.draining = true;
  }

  async check(): Promise<ReadinessState> {
    if (this.draining) return { ready: false, reason: "the gateway is shutting down" };
    const now = this.nowMs();
    if (now - this.lastGeneratedMs < this.config().freshSeconds * 1000) return { ready: true };
    if (this.lastFailure && now - this.lastFailure.atMs < FAILURE_BELIEVED_MS)
      return { ready: false, reason: this.lastFailure.reason };
    this.probing ??= this.probe().finally(() => (this.probing = undefined));
    return this.probing;
  }

  private async probe(): Promise<ReadinessState> {
    const reason = await this.generateOne();
    if (reason === undefined) {
      this.noteGeneration();
      this.lastFailure = undefined;
      return { ready: true };
    }
    this.lastFailure = { atMs: this.nowMs(), reason };
    return { ready: false, reason };
  }

  /** @returns why no token came, or undefined when one did. */
  private async generateOne(): Promise<string | undefined> {
    const { model, probeTimeoutSeconds } = this.config();
    const signal = AbortSignal.timeout(probeTimeoutSeconds * 1000);
    const json = JSON.stringify({ model, prompt: "1", max_tokens: 1, temperature: 0 });
    try {
      const path = this.routes.pathOf(model, "/v1/completions");
      const response = await this.upstream.send({ method: "POST", path, requestId: "readiness", json, signal });
      const text = await this.upstream.read(response, signal);
      if (response.statusCode !== 200) return `the engine answered ${response.statusCode}`;
      return /"choices":\s*\[\s*\{/.test(text) ? undefined : "the engine's answer holds no token";
    } catch (error) {
      if (signal.aborted) return `the engine generated no token within ${probeTimeoutSeconds} s`;
      return error instanceof ApiError ? error.message : "the engine cannot be asked";
    }
  }
}
