import { setTimeout as timer } from "node:timers/promises";
import type { DownloadConfig } from "./config";
import { errorCode, Transient, UserFault } from "./faults";

/** Codes of Node's network layer; undici's own begin with UND_ERR_, its HTTP parser's with HPE_. */
const NETWORK = [
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_STREAM_PREMATURE_CLOSE",
];

/** A server certificate that this machine does not trust: trying again finds the same one. */
const CERTIFICATE = /CERT|^UNABLE_TO_|^DEPTH_ZERO|^ERR_TLS_/;

/** An error of the network as Transient, an untrusted certificate as the user's fault, any other as it is. */
export function networkError(error: unknown, host: string): unknown {
  const code = errorCode(error);
  if (CERTIFICATE.test(code))
    return new UserFault({
      path: host,
      found: `a certificate that is not trusted here (${code})`,
      needed: "a certificate of a known authority for this name",
      fix: "mount the site's CA and name it in NODE_EXTRA_CA_CERTS, or correct the endpoint",
    });
  return NETWORK.includes(code) || /^(UND_ERR_|HPE_)/.test(code) ? new Transient(`${host}: ${code}`) : error;
}

/** Waits. @throws the signal's reason when it is aborted meanwhile */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}

/** What has passed by itself, and how long to wait for it: tries again until it works or hope is gone. */
export class Pacer {
  /** Until when nobody may ask: a 429 is meant for all that come from this address. Milliseconds of performance.now(). */
  private quietUntil = 0;

  constructor(
    private readonly settings: DownloadConfig["retry"],
    private readonly signal: AbortSignal,
    /** Told of each wait, for people who watch. */
    private readonly note: (text: string) => void,
  ) {}

  /**
   * Does the work, again after each Transient. `work` calls its argument when something was gained (a byte arrived): the
   * count of failures in a row then begins anew.
   * @throws Transient when hope is gone; whatever else `work` throws; the signal's reason
   */
  async persist<T>(what: string, work: (gained: () => void) => Promise<T>): Promise<T> {
    let failures = 0;
    for (;;) {
      await this.quiet();
      try {
        return await work(() => (failures = 0));
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof Transient) || !error.again) throw error;
        failures += 1;
        await this.wait(what, error, failures);
      }
    }
  }

  /** Returns when a Retry-After that any request got is over. */
  private async quiet(): Promise<void> {
    this.signal.throwIfAborted();
    for (let left = this.left(); left > 0; left = this.left()) await pause(left, this.signal);
  }

  private left(): number {
    return this.quietUntil - performance.now();
  }

  private async wait(what: string, error: Transient, failures: number): Promise<void> {
    const { attempts, firstMilliseconds, mostMilliseconds, retryAfterSeconds } = this.settings;
    if (failures >= attempts)
      throw new Transient(`${what}: ${error.message}; ${failures} failures in a row without a new byte`);
    if (error.retryAfterMs !== undefined) {
      if (error.retryAfterMs > retryAfterSeconds * 1000)
        throw new Transient(
          `${what}: ${error.message}; it asks to wait ${Math.ceil(error.retryAfterMs / 1000)} s, more than retry.retryAfterSeconds (${retryAfterSeconds})`,
        );
      // Never sooner than asked; a little later, so that all who were told the same do not come at once.
      const until = performance.now() + error.retryAfterMs + Math.random() * firstMilliseconds;
      this.quietUntil = Math.max(this.quietUntil, until);
      this.note(`${what}: ${error.message}; waits ${Math.ceil(error.retryAfterMs / 1000)} s as it asks`);
      return;
    }
    // "Equal jitter": half fixed, half random.
    const step = Math.min(mostMilliseconds, firstMilliseconds * 2 ** (failures - 1));
    const ms = step / 2 + Math.random() * (step / 2);
    this.note(`${what}: ${error.message}; tries again in ${Math.ceil(ms / 1000)} s`);
    await pause(ms, this.signal);
  }
}
