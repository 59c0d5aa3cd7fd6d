import { request } from "node:https";
import { z } from "zod";
import { trustedCertificates, type Access } from "./config";

/** Parameters of a request; a list is sent as one parameter each. Undefined ones are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** An answer other than 2xx, in the official plugin's words. @see bpg v0.111.1 proxmox/api/errors.go */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    reason: string,
  ) {
    super(`received an HTTP ${status} response - Reason: ${reason}`);
  }

  /** @see bpg v0.111.1 proxmox/api/client.go, validateResponseCode */
  get isMissing(): boolean {
    return (
      this.status === 404 ||
      (this.status === 500 && /does not exist|no such resource|No such file or directory/.test(this.message))
    );
  }
}

const answerSchema = z.object({
  data: z.unknown(),
  message: z.string().optional(),
  errors: z.record(z.string(), z.string()).optional(),
});

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Proxmox's API over HTTPS, with the official plugin's error texts. Its requests end when `cancel` is called. */
export class Client {
  private readonly stopped = new AbortController();
  private access: Access | undefined;
  private certificates: string[] | undefined;

  configure(access: Access): void {
    this.access = access;
    this.certificates = trustedCertificates();
  }

  cancel(): void {
    this.stopped.abort(new Error("cancelled"));
  }

  /** Resolves after so many ms, or rejects when cancelled. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.stopped;
      const stop = (): void => {
        clearTimeout(timer);
        reject(new Error("cancelled"));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, ms);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
  }

  /**
   * Sends one request and returns the `data` of its answer.
   * @param path below /api2/json
   * @throws ApiError for a refusal; Error when there is no answer
   */
  async send(method: Method, path: string, parameters: Parameters = {}): Promise<unknown> {
    const text = encode(parameters);
    const inBody = method === "POST" || method === "PUT";
    const target = inBody || text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
    const { status, reason, body } = await this.exchange(method, target, inBody ? text : "");
    if (status < 200 || status >= 300) throw new ApiError(status, reasonOf(reason, body));
    const parsed = answerSchema.safeParse(parseJson(body));
    if (!parsed.success)
      throw new Error(`failed to decode HTTP ${method} response (path: ${target}) - Reason: no JSON object`);
    return parsed.data.data;
  }

  private exchange(
    method: Method,
    path: string,
    form: string,
  ): Promise<{ status: number; reason: string; body: string }> {
    const { access } = this;
    if (access === undefined) return Promise.reject(new Error("the provider is not configured"));
    const url = new URL(`/api2/json/${path}`, access.endpoint);
    const headers = {
      accept: "application/json",
      authorization: `PVEAPIToken=${access.apiToken}`,
      ...(form === ""
        ? {}
        : { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(form) }),
    };
    const trusted = this.certificates === undefined ? {} : { ca: this.certificates };
    const tls = { minVersion: access.minTls, rejectUnauthorized: !access.insecure, ...trusted };
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        const verb = `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;
        reject(
          new Error(
            `failed to perform HTTP ${method} request (path: ${path}) - Reason: ${verb} "${url.href}": ${goText(error, url)}`,
          ),
        );
      };
      const asked = request(url, { method, headers, agent: false, signal: this.stopped.signal, ...tls }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => (body += part));
        response.on("error", fail);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? "", body }),
        );
      });
      asked.on("error", fail);
      asked.end(form);
    });
  }
}

/** Sorted by name, as Go's url.Values are. */
function encode(parameters: Parameters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) continue;
    const values =
      typeof value === "object" ? value : [typeof value === "boolean" ? (value ? "1" : "0") : String(value)];
    for (const one of values) search.append(name, one);
  }
  return search.toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The status line's text, then what the body says besides it. */
function reasonOf(reason: string, body: string): string {
  const parsed = answerSchema.safeParse(parseJson(body));
  if (!parsed.success) return reason;
  const errors = Object.entries(parsed.data.errors ?? {}).map(([name, text]) => `${name}: ${text.trimEnd()}`);
  const lines = (parsed.data.message ?? "").split("\n").filter((line) => line !== "" && !line.startsWith(reason));
  const more = [...errors, ...lines];
  return more.length === 0 ? reason : `${reason} (${more.join(" - ")})`;
}

/** Why a connection failed, in Go's words where they are known. */
function goText(error: Error, url: URL): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const port = url.port === "" ? "443" : url.port;
  if (code === "ECONNREFUSED") return `dial tcp ${url.hostname}:${port}: connect: connection refused`;
  if (code === "ENOTFOUND") return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === "ECONNRESET") return "EOF";
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|DEPTH_ZERO/.test(code)) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  return error.message;
}
