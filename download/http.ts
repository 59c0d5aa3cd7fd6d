import type { Readable } from "node:stream";
import { EnvHttpProxyAgent } from "undici";
import { networkError } from "./backoff";
import { Transient, UserFault, type Fault } from "./faults";

/** Redirects that are followed; a hub needs two (a renamed repository, then its CDN). */
const MOST_REDIRECTS = 5;
/** Bytes of an error's body that are read for its code. */
const ERROR_BODY_BYTES = 64 * 1024;
/** Bytes of one page of a listing (a page has up to 1,000 entries). */
const PAGE_BYTES = 32 * 1024 * 1024;

export interface Ask {
  readonly method?: "GET" | "HEAD";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers with credentials or a signature: made for each request, and only for the origin of `url`. */
  readonly authorize: (url: URL, method: "GET" | "HEAD") => Promise<Readonly<Record<string, string>>>;
}

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
  /** Who answered, after redirects. */
  readonly host: string;
  /** Answered by another origin than the one that was asked (a CDN, with a signed link). */
  readonly moved: boolean;
}

/** An answer that says no, for the source to explain. */
export interface Refusal {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
  readonly host: string;
}

/** The value of Retry-After in milliseconds: seconds or a date (RFC 9110 section 10.2.3). */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Seconds until a limit is reset, from Hugging Face's `RateLimit: "api";r=0;t=55` (draft-ietf-httpapi-ratelimit-headers-09). */
function rateLimitReset(value: string | undefined): number | undefined {
  const match = /;\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})/.exec(value ?? "");
  return match === null ? undefined : Number(match[1]) * 1000;
}

/** An address, relative ones against `base`; undefined when it is none. */
export const parseUrl = (text: string, base: URL): URL | undefined =>
  URL.canParse(text, base.href) ? new URL(text, base) : undefined;

async function readText(body: Readable, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > limit) return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** HTTP for one run: redirects by hand, credentials only where they belong, the site's proxy (HTTPS_PROXY, NO_PROXY). */
export class Http {
  private readonly agent: EnvHttpProxyAgent;

  constructor(
    idleSeconds: number,
    private readonly signal: AbortSignal,
  ) {
    this.agent = new EnvHttpProxyAgent({ headersTimeout: idleSeconds * 1000, bodyTimeout: idleSeconds * 1000 });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async once(url: URL, ask: Ask): Promise<Answer> {
    const method = ask.method ?? "GET";
    const moved = url.origin !== ask.url.origin;
    const headers = {
      // A compressed body has other bytes, another length and no ranges; Hugging Face compresses text unless told.
      "accept-encoding": "identity",
      "user-agent": "tokenrack-download",
      ...ask.headers,
      ...(moved ? {} : await ask.authorize(url, method)),
    };
    try {
      const { origin, pathname, search } = url;
      const answer = await this.agent.request({
        origin,
        path: pathname + search,
        method,
        headers,
        signal: this.signal,
      });
      const header = (name: string): string | undefined => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value.join(", ") : value;
      };
      return { status: answer.statusCode, header, body: answer.body, host: url.host, moved };
    } catch (error) {
      this.signal.throwIfAborted();
      throw networkError(error, url.host);
    }
  }

  /** Sends a request and follows redirects. @throws Transient, UserFault, the signal's reason */
  async send(ask: Ask): Promise<Answer> {
    let { url } = ask;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const answer = await this.once(url, ask);
      const location = answer.header("location");
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      discard(answer);
      const next = parseUrl(location, url);
      if (next === undefined || !/^https?:$/.test(next.protocol))
        throw new Transient(`${url.host} redirects to no address`);
      if (url.protocol === "https:" && next.protocol === "http:")
        throw new UserFault({
          path: url.host,
          found: `a redirect from https to plain http (${next.host})`,
          needed: "https all the way",
          fix: "name another endpoint, or repair the mirror",
        });
      url = next;
    }
    throw new Transient(`${ask.url.host} redirects more than ${MOST_REDIRECTS} times`);
  }

  /** The answer when it is a success. @throws Transient where waiting helps, else what the source makes of the refusal */
  async ask(ask: Ask, explain: (refusal: Refusal) => Fault, also: readonly number[] = []): Promise<Answer> {
    const answer = await this.send(ask);
    const { status, header, host, moved } = answer;
    if ((status >= 200 && status < 300) || also.includes(status)) return answer;
    const text = await this.text(answer, ERROR_BODY_BYTES).catch(() => "");
    this.signal.throwIfAborted();
    const wait =
      retryAfter(header("retry-after")) ?? (status === 429 ? rateLimitReset(header("ratelimit")) : undefined);
    if ([408, 425, 429].includes(status) || status >= 500) throw new Transient(`${host} answers ${status}`, wait);
    // A CDN's signed link has run out, or was used up: asking the hub again gives a new one.
    if (moved && status < 500) throw new Transient(`${host} answers ${status} to a link that ${ask.url.host} gave`);
    throw new UserFault(explain({ status, header, text, host }));
  }

  /** A whole small body. @throws Transient when it is cut or too long */
  async text(answer: Answer, limit = PAGE_BYTES): Promise<string> {
    let text: string | undefined;
    try {
      text = await readText(answer.body, limit);
    } catch (error) {
      this.signal.throwIfAborted();
      throw networkError(error, answer.host);
    }
    if (text === undefined) throw new Transient(`${answer.host} answers with more than ${limit} bytes`);
    return text;
  }

  async json(answer: Answer): Promise<unknown> {
    const text = await this.text(answer);
    try {
      return JSON.parse(text);
    } catch {
      throw new Transient(`${answer.host} answers with text that is not JSON`);
    }
  }
}

/** Ends an answer whose body is not wanted. */
export function discard(answer: Answer): void {
  answer.body.on("error", () => undefined);
  answer.body.destroy();
}
