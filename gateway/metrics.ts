import { createServer, type Server } from "node:http";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Usage } from "./usage";

/** From a refusal (1 ms) to a long generation (10 min). */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];

/** What Prometheus may know: counts and times by route, status and model. Never a subject, an address or a text. */
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

  /** @param inFlight reads how many /v1 requests are open now */
  constructor(inFlight: () => number) {
    collectDefaultMetrics({ register: this.registry });
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
