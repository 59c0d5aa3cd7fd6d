import { isIPv6 } from "node:net";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { GatewayConfig } from "./config";
import { tooManyRequests } from "./errors";

/** Counts what is open under a key and refuses above a bound. */
export class Slots {
  private readonly taken = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** @returns the function that gives the slot back (calling it again does nothing), or undefined when none is free. */
  take(key: string): (() => void) | undefined {
    const open = this.taken.get(key) ?? 0;
    if (open >= this.most) return undefined;
    this.taken.set(key, open + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.taken.get(key) ?? 1) - 1;
      if (left === 0) this.taken.delete(key);
      else this.taken.set(key, left);
    };
  }

  open(key: string): number {
    return this.taken.get(key) ?? 0;
  }
}

/** Whole seconds, at least 1, until a limiter's window turns. */
export function retryAfterSeconds(result: RateLimiterRes): number {
  return Math.max(1, Math.ceil(result.msBeforeNext / 1000));
}

/** The bounds on authenticated requests: all together, and per subject. */
export class RequestLimits {
  private readonly all: Slots;
  private readonly perSubject: Slots;
  private readonly perMinute: RateLimiterMemory;
  private readonly tokensPerMinute: RateLimiterMemory | undefined;

  constructor(private readonly limits: GatewayConfig["limits"]) {
    this.all = new Slots(limits.inFlight);
    this.perSubject = new Slots(limits.concurrencyPerSubject);
    this.perMinute = new RateLimiterMemory({ points: limits.requestsPerMinute, duration: 60 });
    const points = limits.tokensPerMinute;
    this.tokensPerMinute = points === undefined ? undefined : new RateLimiterMemory({ points, duration: 60 });
  }

  /** Taken before anything else of a request is looked at, so that shedding stays cheap. @throws ApiError 429 */
  enter(): () => void {
    const leave = this.all.take("");
    if (!leave) throw tooManyRequests("The gateway is at its limit of open requests.", "overloaded", 1);
    return leave;
  }

  get inFlight(): number {
    return this.all.open("");
  }

  /** @throws ApiError 429 when the subject starts too many a minute. */
  async countStart(subject: string): Promise<void> {
    try {
      await this.perMinute.consume(subject);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const message = `More than ${this.limits.requestsPerMinute} requests in a minute.`;
      throw tooManyRequests(message, "requests_per_minute", retryAfterSeconds(error));
    }
  }

  /** @throws ApiError 429 when the subject's answers of this minute used its tokens up. */
  async checkTokens(subject: string): Promise<void> {
    const used = await this.tokensPerMinute?.get(subject);
    if (!used || used.remainingPoints > 0) return;
    const message = `More than ${this.limits.tokensPerMinute ?? 0} tokens in a minute.`;
    throw tooManyRequests(message, "tokens_per_minute", retryAfterSeconds(used));
  }

  /** Counts what an answer used; known only at its end, so the answer that crosses the bound is the last one. */
  countTokens(subject: string, tokens: number): void {
    void this.tokensPerMinute?.penalty(subject, tokens);
  }

  /** @throws ApiError 429 when the subject has too many open. */
  open(subject: string): () => void {
    const close = this.perSubject.take(subject);
    if (close) return close;
    const message = `More than ${this.limits.concurrencyPerSubject} requests open at once.`;
    throw tooManyRequests(message, "concurrency", 1);
  }
}

/** An IPv6 host owns its whole /64, so all of it is one client; IPv4, mapped or not, is itself. */
export function addressKey(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = (plain.split("%")[0] ?? "").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill("0");
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${groups.join(":")}::/64`;
}
