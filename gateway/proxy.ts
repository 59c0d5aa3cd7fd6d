import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Dispatcher } from "undici";
import { ApiError } from "./errors";
import { COMMENT, EventFilter, isUsageEvent } from "./sse";
import { asUpstreamError, ClientGone, type Upstream } from "./upstream";
import { refusalOf } from "./upstreamErrors";
import { Tail, usageIn, type Usage } from "./usage";

export interface ForwardRequest {
  readonly path: string;
  readonly requestId: string;
  readonly json: string;
  /** The usage at a stream's end was asked for by us, not by the client. */
  readonly hideUsage: boolean;
}

/** Told about an answer as it passes. */
export interface ForwardWatch {
  /** The engine accepted the request. */
  onAccepted(): void;
  /** Bytes that only a working engine sends have arrived. */
  onGenerated(): void;
  /**
   * The answer ended or broke off: tokens as the engine counted them, if it did, and how many events of a stream passed (undefined:
   * it was none).
   */
  onEnd(usage: Usage | undefined, events: number | undefined): void;
}

const EVENT_STREAM = "text/event-stream";
const ERROR_EVENT = 'data: {"error"';

/** Aborts when the client's connection ends before the answer does. */
function abortWhenGone(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

function responseHeaders(reply: FastifyReply, response: Dispatcher.ResponseData): Record<string, string> {
  const headers: Record<string, string> = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  for (const [name, value] of Object.entries(reply.getHeaders())) headers[name] = String(value);
  const isStream = String(response.headers["content-type"]).startsWith(EVENT_STREAM);
  headers["content-type"] = isStream ? `${EVENT_STREAM}; charset=utf-8` : "application/json";
  // Tells nginx not to collect a stream before it passes it on.
  if (isStream) headers["x-accel-buffering"] = "no";
  const length = response.headers["content-length"];
  if (!isStream && typeof length === "string") headers["content-length"] = length;
  return headers;
}

/** Waits until the client has taken what was written; a client that takes nothing for `idleMs` is given up. */
async function drained(res: ServerResponse, signal: AbortSignal, idleMs: number): Promise<void> {
  const stalled = setTimeout(() => res.destroy(), idleMs);
  try {
    await once(res, "drain", { signal });
  } finally {
    clearTimeout(stalled);
  }
}

/** Sends a comment whenever a stream was silent for a while. */
class Commenter {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly res: ServerResponse,
    everyMs: number,
    mayWrite: () => boolean,
  ) {
    this.timer = setTimeout(() => {
      // A client that is behind has enough to read.
      if (mayWrite() && !res.writableNeedDrain && res.writable) res.write(COMMENT);
      this.timer.refresh();
    }, everyMs);
  }

  wrote(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

interface RelayOptions {
  readonly signal: AbortSignal;
  readonly hideUsage: boolean;
  readonly idleMs: number;
  readonly commentEveryMs: number;
}

/** Passes a stream on event by event, as they come; reads the next only when the client took the last. */
async function relayStream(
  body: AsyncIterable<Buffer>,
  res: ServerResponse,
  watch: ForwardWatch,
  { signal, hideUsage, idleMs, commentEveryMs }: RelayOptions,
): Promise<void> {
  const tail = new Tail();
  const filter = new EventFilter((event) => hideUsage && isUsageEvent(event));
  const commenter = new Commenter(res, commentEveryMs, () => filter.atBoundary);
  try {
    for await (const chunk of body) {
      tail.push(chunk);
      const events = filter.push(chunk);
      // vLLM answers 200 and names the role before it generates; an engine that then fails sends an error event.
      if (filter.events > 1 && !chunk.includes(ERROR_EVENT)) watch.onGenerated();
      if (events.length === 0) continue;
      commenter.wrote();
      if (!res.write(events)) await drained(res, signal, idleMs);
    }
    res.write(filter.end());
    const text = tail.text();
    if (text.includes("data: [DONE]") && !text.includes(ERROR_EVENT)) watch.onGenerated();
  } finally {
    commenter.stop();
    // Also when the client left: what was generated until then counts against its quota.
    watch.onEnd(usageIn(tail.text()), filter.events);
  }
}

/** Passes a whole answer on. */
async function relayWhole(
  body: AsyncIterable<Buffer>,
  res: ServerResponse,
  watch: ForwardWatch,
  { signal, idleMs }: RelayOptions,
): Promise<void> {
  const tail = new Tail();
  try {
    for await (const chunk of body) {
      tail.push(chunk);
      if (!res.write(chunk)) await drained(res, signal, idleMs);
    }
    watch.onGenerated();
  } finally {
    watch.onEnd(usageIn(tail.text()), undefined);
  }
}

/** Headers are gone, so the status cannot change: a stream ends with an error event, anything else is cut off. */
function breakOff(res: ServerResponse, error: Error): void {
  const isStream = String(res.getHeader("content-type") ?? "").startsWith(EVENT_STREAM);
  if (isStream && error instanceof ApiError && res.writable) res.end(`data: ${JSON.stringify(error.body())}\n\n`);
  else res.destroy();
}

/**
 * Sends one generation upstream and streams the answer back. The client's abort aborts the upstream request, before and after
 * its headers. @throws ApiError as long as nothing was answered; ClientGone when nobody listens.
 */
export async function forward(
  upstream: Upstream,
  request: ForwardRequest,
  reply: FastifyReply,
  watch: ForwardWatch,
): Promise<void> {
  const res = reply.raw;
  const { path, requestId, json } = request;
  const signal = abortWhenGone(res);
  const response = await upstream.send({ method: "POST", path, requestId, json, signal });
  if (response.statusCode !== 200) throw refusalOf(response.statusCode, await upstream.read(response, signal));
  if (signal.aborted) throw new ClientGone();
  watch.onAccepted();
  reply.hijack();
  for (const [name, value] of Object.entries(responseHeaders(reply, response))) res.setHeader(name, value);
  res.statusCode = 200;
  // A client may wait long for the first chunk; it should know at once that it was accepted.
  res.flushHeaders();
  try {
    const { idleTimeoutMs: idleMs, commentEveryMs } = upstream;
    const isStream = String(res.getHeader("content-type")).startsWith(EVENT_STREAM);
    const relay = isStream ? relayStream : relayWhole;
    const body = response.body as AsyncIterable<Buffer>;
    await relay(body, res, watch, { signal, hideUsage: request.hideUsage, idleMs, commentEveryMs });
    res.end();
  } catch (error) {
    response.body.destroy();
    breakOff(res, asUpstreamError(error, signal));
  }
}
