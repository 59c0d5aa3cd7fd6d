import { Pool, type Dispatcher } from "undici";
import type { GatewayConfig } from "./config";
import { ApiError, errorCode, upstreamFailed } from "./errors";

export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  /** Path below the configured URL; a constant of ours, never a client's. */
  readonly path: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly json?: string;
}

/** Below uvicorn's 5 s keep-alive, so that we never send on a connection the server is closing. */
const KEEP_ALIVE_MS = 4000;
/** What we read of an answer that is not passed on: an error or the list of models. */
const MOST_READ_BYTES = 1_048_576;

/** The client went away; nobody is there to be told. */
export class ClientGone extends Error {}

/** The engine's HTTP side. Sends a fixed set of headers and none of the client's. */
export class Upstream {
  private readonly pool: Pool;
  private readonly prefix: string;

  /** Longest silence inside an answer, on either side of the gateway. */
  readonly idleTimeoutMs: number;
  /** Silence of a stream after which the client gets a comment. */
  readonly commentEveryMs: number;

  constructor(config: GatewayConfig["upstream"]) {
    this.idleTimeoutMs = config.idleTimeoutMs;
    this.commentEveryMs = config.commentEveryMs;
    const { origin, pathname } = new URL(config.url);
    this.prefix = pathname.replace(/\/+$/, "");
    // No bound on connections here: limits.inFlight is the bound, and a queue in front of the engine would hide load from it.
    this.pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: config.connectTimeoutMs },
      headersTimeout: config.headersTimeoutMs,
      bodyTimeout: config.idleTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Also where the other side offers more: after a burst its connections go.
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  /** @throws ApiError 502, 503 or 504, or ClientGone when `signal` aborted. */
  async send({ method, path, requestId, signal, json }: UpstreamRequest): Promise<Dispatcher.ResponseData> {
    const headers: Record<string, string> = {
      accept: "application/json, text/event-stream",
      "x-request-id": requestId,
    };
    if (json !== undefined) headers["content-type"] = "application/json";
    try {
      return await this.pool.request({ method, path: this.prefix + path, headers, signal, body: json ?? null });
    } catch (error) {
      throw asUpstreamError(error, signal);
    }
  }

  /** The whole body as text, up to 1 MiB. @throws ApiError 502 or 504 */
  async read(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MOST_READ_BYTES) throw upstreamFailed(502, "upstream_error", "The engine's answer is too large.");
        chunks.push(chunk);
      }
    } catch (error) {
      throw asUpstreamError(error, signal);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

const TIMEOUTS = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];
/** Nothing was sent: a Service without endpoints refuses, a name without a pod is not found, a node that is gone does not answer. */
const NOT_THERE = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];

/** A failed exchange as what the client is told: a constant text, never an address or another error's words. */
export function asUpstreamError(error: unknown, signal: AbortSignal): Error {
  if (error instanceof ApiError) return error;
  if (signal.aborted) return new ClientGone();
  const code = errorCode(error);
  if (TIMEOUTS.includes(code)) return upstreamFailed(504, "upstream_timeout", "The engine did not answer in time.");
  if (NOT_THERE.includes(code))
    return upstreamFailed(503, "engine_not_ready", "The engine is not ready; try again in a moment.");
  return upstreamFailed(502, "upstream_unreachable", "The engine cannot be reached or broke off.");
}
