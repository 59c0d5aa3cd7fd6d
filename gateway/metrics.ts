import { createServer, type Server } from "node:http";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { SubjectMetrics } from "./subjectMetrics";
import type { Usage } from "./usage";

/** From a refusal (1 ms) to a long generation (10 min). */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];

/** What is read again while the gateway runs. */
export type Reloaded = "users" | "keys" | "config";

/** What Prometheus may know: counts and times by route, status, model and subject. Never an address or a text. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Counter({
    name: "tokenrack_gateway_requests_total",
    help: "Answered requests.",
    labelNames: ["route", "status"],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: "tokenrack_gateway_request_seconds",
    help: "From a request's headers to the end of its answer.",
    labelNames: ["route"],
    buckets: SECONDS,
    registers: [this.registry],
  });
  private readonly firstByte = new Histogram({
    name: "tokenrack_gateway_upstream_headers_seconds",
    help: "From a request's headers to the engine's response headers.",
    labelNames: ["route"],
    buckets: SECONDS,
    registers: [this.registry],
  });
  private readonly tokens = new Counter({
    name: "tokenrack_gateway_tokens_total",
    help: "Tokens as the engine counted them.",
    labelNames: ["model", "kind"],
    registers: [this.registry],
  });
  private readonly refusals = new Counter({
    name: "tokenrack_gateway_refusals_total",
    help: "Requests the gateway itself refused, by error code.",
    labelNames: ["code"],
    registers: [this.registry],
  });

  private readonly reloads = new Counter({
    name: "tokenrack_gateway_reloads_total",
    help: "Changed files that were read again, by what became of them.",
    labelNames: ["what", "result"],
    registers: [this.registry],
  });
  private readonly stale = new Gauge({
    name: "tokenrack_gateway_reload_refused",
    help: "1 while a changed file is unfit and what it replaced is still in force.",
    labelNames: ["what"],
    registers: [this.registry],
  });
  private readonly storeUp = new Gauge({
    name: "tokenrack_gateway_quota_store_up",
    help: "1 while quotas are shared between replicas, 0 while the shared store is lost.",
    registers: [],
  });
  readonly subjects: SubjectMetrics;

  /**
   * @param inFlight reads how many /v1 requests are open now
   * @param subjects how many subjects have series of their own
   */
  constructor(inFlight: () => number, subjects: number) {
    collectDefaultMetrics({ register: this.registry });
    this.subjects = new SubjectMetrics(this.registry, subjects);
    new Gauge({
      name: "tokenrack_gateway_in_flight",
      help: "Requests open now.",
      registers: [this.registry],
      collect() {
        this.set(inFlight());
      },
    });
  }

  countAnswer(route: string, status: number, milliseconds: number): void {
    this.requests.inc({ route, status: String(status) });
    this.seconds.observe({ route }, milliseconds / 1000);
  }

  observeFirstByte(route: string, milliseconds: number): void {
    this.firstByte.observe({ route }, milliseconds / 1000);
  }

  countRefusal(code: string): void {
    this.refusals.inc({ code });
  }

  /** @param model an id that the engine itself accepted, so that clients cannot invent labels */
  countTokens(model: string, { promptTokens, completionTokens }: Usage): void {
    this.tokens.inc({ model, kind: "prompt" }, promptTokens);
    this.tokens.inc({ model, kind: "completion" }, completionTokens);
  }

  countReload(what: Reloaded, result: "ok" | "refused"): void {
    this.reloads.inc({ what, result });
    this.stale.set({ what }, result === "ok" ? 0 : 1);
  }

  /** Not called without a shared store: then there is no such series. */
  noteStore(isUp: boolean): void {
    this.registry.registerMetric(this.storeUp);
    this.storeUp.set(isUp ? 1 : 0);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** The listener of its own: GET /metrics and nothing else. */
  server(): Server {
    return createServer((request, response) => {
      if (request.method !== "GET" || request.url !== "/metrics") {
        response.writeHead(404).end();
        return;
      }
      void this.text().then((text) => response.writeHead(200, { "content-type": this.contentType }).end(text));
    });
  }
}
