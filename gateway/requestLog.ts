import type { FastifyReply, FastifyRequest } from "fastify";
import type { Metrics } from "./metrics";

/** Logged and counted instead of a status when the client left before its answer ended (nginx's number for it). */
const CLIENT_CLOSED = 499;

const PROBES = ["/healthz", "/readyz", "/metrics"];

/** Route template, or one word for every unknown path: a raw path is a client's text and stays out of logs and labels. */
export function routeLabel(request: FastifyRequest): string {
  return request.is404 ? "unknown" : (request.routeOptions.url ?? "unknown");
}

/** One structured line and one count per request, when its connection or answer ends. */
export function logWhenClosed(request: FastifyRequest, reply: FastifyReply, metrics: Metrics): void {
  const startedMs = performance.now();
  const { raw } = reply;
  raw.once("close", () => {
    const ms = performance.now() - startedMs;
    const { subject, model, usage, refusal } = request.gate;
    const route = routeLabel(request);
    const status = raw.writableFinished ? raw.statusCode : CLIENT_CLOSED;
    metrics.countAnswer(route, status, ms);
    if (refusal !== undefined) metrics.countRefusal(refusal);
    const line = { route, method: request.method, status, ms: Math.round(ms), refusal, model, ...usage };
    // Probes and scrapes come every few seconds and say nothing new while they succeed.
    const isProbe = PROBES.includes(route) && status < 400;
    request.log[isProbe ? "debug" : "info"]({ ...line, subject: subject?.key }, "request");
  });
}
