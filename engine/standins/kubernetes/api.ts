import * as http from "node:http";
import * as https from "node:https";
import { z } from "zod";
import { toProperties } from "../values";
import type { Access } from "./kubeconfig";
import type { KubeObject } from "./object";

const statusSchema = z.looseObject({
  kind: z.literal("Status"),
  message: z.string().optional(),
  reason: z.string().optional(),
  details: z.looseObject({ kind: z.string().optional() }).nullish(),
});

/** A refusal of the API server. @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    /** Plural name of the kind that the refusal is about; empty when it says none. */
    readonly about: string,
  ) {
    super(message);
  }
}

/** True for a refusal with this reason ("NotFound", "AlreadyExists", "Conflict" ...). */
export const isRefusal = (error: unknown, ...reasons: readonly string[]): error is ApiError =>
  error instanceof ApiError && reasons.includes(error.reason);

/** The server could not be asked at all. */
export class ConnectionError extends Error {}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds: number | undefined;
}

/** One request may take this long: webhooks of the server may need 30 s each. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How often a request is sent again because the server was too busy or cut an idle connection. @see client-go rest */
const MAX_RETRIES = 10;
const RETRIED_STATUS: readonly number[] = [429, 502, 503, 504];
const USER_AGENT = "tokenrack-standin-kubernetes";

/** A Kubernetes API server over HTTPS. What runs ends when `cancel` is called. */
export class Api {
  private readonly agent: http.Agent;

  constructor(
    private readonly access: Access,
    private readonly stopped: AbortSignal,
  ) {
    const { ca, cert, key, insecure, serverName } = access;
    const tls = { ca, cert, key, rejectUnauthorized: !insecure, ...(serverName ? { servername: serverName } : {}) };
    const pool = { keepAlive: true, maxSockets: 32 };
    this.agent = access.server.startsWith("https:") ? new https.Agent({ ...pool, ...tls }) : new http.Agent(pool);
  }

  /** @throws ApiError when the server refuses; ConnectionError when it does not answer */
  async send(request: ApiRequest): Promise<KubeObject> {
    const url = this.urlOf(request);
    for (let attempt = 0; ; attempt++) {
      const answer = await this.attempt(request, url, attempt < MAX_RETRIES);
      if (answer === undefined) continue;
      if (RETRIED_STATUS.includes(answer.status) && answer.retryAfterSeconds !== undefined && attempt < MAX_RETRIES) {
        await sleep(answer.retryAfterSeconds * 1000, this.stopped);
        continue;
      }
      return bodyOf(answer);
    }
  }

  private urlOf({ path, query }: ApiRequest): URL {
    const url = new URL(`${this.access.server.replace(/\/$/, "")}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, value);
    return url;
  }

  /** Undefined when a cut connection may be tried again: a look changes nothing, however often it is done. */
  private async attempt(request: ApiRequest, url: URL, mayRetry: boolean): Promise<Answer | undefined> {
    try {
      return await this.exchange(request, url);
    } catch (error) {
      const cut = error instanceof Error && "code" in error && error.code === "ECONNRESET";
      if (cut && mayRetry && request.method === "GET") return undefined;
      const verb = `${request.method.slice(0, 1)}${request.method.slice(1).toLowerCase()}`;
      throw new ConnectionError(`${verb} "${url.href}": ${goText(error, url)}`);
    }
  }

  private exchange(request: ApiRequest, url: URL): Promise<Answer> {
    const body = request.body === undefined ? "" : JSON.stringify(request.body);
    const headers = {
      accept: "application/json",
      "user-agent": USER_AGENT,
      ...(this.access.token === undefined ? {} : { authorization: `Bearer ${this.access.token}` }),
      ...(body === "" ? {} : { "content-type": request.contentType ?? "application/json" }),
      ...(body === "" ? {} : { "content-length": Buffer.byteLength(body) }),
    };
    const options = { method: request.method, headers, agent: this.agent, signal: this.stopped };
    const start = url.protocol === "https:" ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const asked = start(url, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const wait = Number(response.headers["retry-after"]);
          const retryAfterSeconds = Number.isFinite(wait) && wait >= 0 ? wait : undefined;
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8"), retryAfterSeconds });
        });
      });
      asked.setTimeout(REQUEST_TIMEOUT_MS, () => asked.destroy(new Error("context deadline exceeded")));
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

function bodyOf({ status, text }: Answer): KubeObject {
  const parsed = parseJson(text);
  if (status >= 200 && status < 300) return typeof parsed === "object" && parsed !== null ? toProperties(parsed) : {};
  const refusal = statusSchema.safeParse(parsed);
  // client-go's words for an answer of 401, whatever the server says. @see client-go, rest/request.go
  if (status === 401) {
    throw new ApiError(401, "Unauthorized", "the server has asked for the client to provide credentials", "");
  }
  if (!refusal.success) throw new ApiError(status, status === 404 ? "NotFound" : "", `${status}: ${text.trim()}`, "");
  const { message = "unknown", reason = "", details } = refusal.data;
  throw new ApiError(status, reason, message, details?.kind ?? "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Resolves after so many ms, or rejects when stopped. */
export function sleep(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Error("context canceled"));
    };
    const timer = setTimeout(() => {
      stopped.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (stopped.aborted) stop();
    else stopped.addEventListener("abort", stop, { once: true });
  });
}

/** Why a connection failed, in Go's words where they are known. */
function goText(error: unknown, url: URL): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "context canceled";
  const cause =
    error instanceof AggregateError ? (error.errors as unknown[]).find((one) => one instanceof Error) : error;
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (code === "ECONNREFUSED") return `dial tcp ${url.hostname}:${port}: connect: connection refused`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === "ECONNRESET") return "EOF";
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|DEPTH_ZERO/.test(code)) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  return error.message;
}
