import { isIPv6 } from "node:net";
import type { RateLimiterRes } from "rate-limiter-flexible";
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

/** The bounds on requests that are open in this process: all together, and per subject. */
export class RequestLimits {
  private readonly all: Slots;
  private readonly perSubject: Slots;

  constructor(private readonly limits: Pick<GatewayConfig["limits"], "inFlight" | "concurrencyPerSubject">) {
    this.all = new Slots(limits.inFlight);
    this.perSubject = new Slots(limits.concurrencyPerSubject);
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
