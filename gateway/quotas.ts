import type { Quota, Subject } from "./access";
import type { GatewayConfig } from "./config";
import { requestTooLarge, tooManyRequests } from "./errors";
import type { TokenEstimate } from "./estimate";
import { windowsUntilFit, WINDOW_MS, type Counter, type Taken } from "./quotaStore";

export type QuotaConfig = Pick<GatewayConfig, "limits" | "roles">;

/** What counts of a quota, as OpenAI names it. */
export type QuotaKind = "requests" | "tokens";

/** Its own number, else that of the first configured role it has, else everybody's. */
export function quotaOf({ quota, roles }: Subject, { limits, roles: known }: QuotaConfig): Quota {
  const role = known.find(({ name }) => roles.includes(name));
  return {
    requestsPerMinute: quota?.requestsPerMinute ?? role?.requestsPerMinute ?? limits.requestsPerMinute,
    tokensPerMinute: quota?.tokensPerMinute ?? role?.tokensPerMinute ?? limits.tokensPerMinute,
  };
}

/** As OpenAI writes it: "250ms", "7s", "1m30s". */
export function formatReset(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.ceil(milliseconds))}ms`;
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** @see https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
export function quotaHeaders(kind: QuotaKind, { limit, used, resetMs }: Taken): Record<string, string> {
  return {
    [`x-ratelimit-limit-${kind}`]: String(limit),
    [`x-ratelimit-remaining-${kind}`]: String(Math.max(0, limit - used)),
    [`x-ratelimit-reset-${kind}`]: formatReset(resetMs),
  };
}

function retryAfter({ used, limit, resetMs }: Taken, cost: number): number {
  const waitMs = resetMs + (windowsUntilFit(used, cost, limit) - 1) * WINDOW_MS;
  return Math.max(1, Math.ceil(waitMs / 1000));
}

/** Tokens that a request holds from its start to its end. */
export interface Reservation {
  /** Guess of the prompt's tokens, for an answer whose engine never counted. */
  readonly promptTokens: number;
  readonly reserved: number;
  /** What was really used; only the first call counts. */
  settle(tokens: number): Promise<void>;
}

export interface QuotaParts {
  readonly counter: Counter;
  /** The configuration of the moment. */
  readonly config: () => QuotaConfig;
  /** Told of each refusal. */
  readonly onRefusal: (subject: string, kind: QuotaKind) => void;
}

/** Requests and tokens a minute, by subject. */
export class Quotas {
  constructor(private readonly parts: QuotaParts) {}

  /** Counts a request. @param show takes the headers for the answer, also for a refusal. @throws ApiError 429 or 503 */
  async countRequest(subject: Subject, show: (headers: Record<string, string>) => void): Promise<void> {
    const limit = quotaOf(subject, this.parts.config()).requestsPerMinute;
    const taken = await this.parts.counter.take({ key: `requests:${subject.key}`, cost: 1, limit });
    show(quotaHeaders("requests", taken));
    if (taken.taken) return;
    this.parts.onRefusal(subject.key, "requests");
    const message = `More than ${limit} requests in a minute.`;
    throw tooManyRequests(message, "requests_per_minute", retryAfter(taken, 1));
  }

  /**
   * Reserves what a request may use. An answer without `max_tokens` is taken to have `limits.assumedTokens`; what it has more
   * is owed. @throws ApiError 429 or 503
   */
  async reserve(
    subject: Subject,
    estimate: TokenEstimate,
    show: (headers: Record<string, string>) => void,
  ): Promise<Reservation> {
    const config = this.parts.config();
    const limit = quotaOf(subject, config).tokensPerMinute;
    const { prompt, choices, maxTokens } = estimate;
    if (limit === undefined) return { promptTokens: prompt, reserved: 0, settle: () => Promise.resolve() };
    // Only what the request itself names is sure enough to refuse it for good.
    const named = (maxTokens ?? 0) * choices;
    if (named > limit) throw this.refuse(subject, requestTooLarge(named, limit));
    const cost = Math.min(limit, prompt + (maxTokens ?? config.limits.assumedTokens) * choices);
    const taken = await this.parts.counter.take({ key: `tokens:${subject.key}`, cost, limit });
    show(quotaHeaders("tokens", taken));
    if (taken.taken) return { promptTokens: prompt, reserved: cost, settle: (tokens) => taken.settle(tokens) };
    const message = `More than ${limit} tokens in a minute, or fewer left than the request may use (${cost}).`;
    throw this.refuse(subject, tooManyRequests(message, "tokens_per_minute", retryAfter(taken, cost)));
  }

  private refuse(subject: Subject, error: Error): Error {
    this.parts.onRefusal(subject.key, "tokens");
    return error;
  }
}
