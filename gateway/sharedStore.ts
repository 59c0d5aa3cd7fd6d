import { quotaUnavailable } from "./errors";
import { MemoryStore, takenFrom, type Counter, type QuotaStore, type Taken, type Taking } from "./quotaStore";
import type { RedisConfig } from "./redisStore";

/** After a failure the shared store is left alone for this long, so that one that hangs delays a request now and then, not each. */
const REST_MS = 1000;

/** Told when the shared store is lost, and when it is back. */
export type StoreWatch = (state: "lost" | "back") => void;

/**
 * Counts in the shared store; while that fails, either each replica counts its own share of each limit (`failOpen`), or nobody is
 * served (`failClosed`). What was counted on one side is not moved to the other: for a minute after each change of sides a subject
 * may get up to twice its limit.
 */
export class SharedStore implements Counter {
  private readonly local: MemoryStore;
  private restUntilMs = -Infinity;
  private isLost = false;

  constructor(
    private readonly shared: QuotaStore,
    private readonly config: Pick<RedisConfig, "whenLost" | "replicas">,
    private readonly watch: StoreWatch,
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.local = new MemoryStore();
  }

  /** The store is known to be lost before anybody asked it. */
  lose(): void {
    this.note(true);
  }

  /** @throws ApiError 503 with `failClosed` while the store is lost */
  async take(taking: Taking): Promise<Taken> {
    if (this.nowMs() >= this.restUntilMs) {
      // While it is lost, one request at a time tries it again.
      if (this.isLost) this.restUntilMs = this.nowMs() + REST_MS;
      try {
        const standing = await this.shared.take(taking);
        this.note(false);
        return takenFrom({ settle: (...how) => this.settleShared(...how) }, taking, standing);
      } catch {
        this.note(true);
      }
    }
    if (this.config.whenLost === "failClosed") throw quotaUnavailable();
    const limit = Math.max(1, Math.floor(taking.limit / this.config.replicas));
    const share = { ...taking, cost: Math.min(taking.cost, limit), limit };
    return takenFrom(this.local, share, await this.local.take(share));
  }

  private async settleShared(...how: Parameters<QuotaStore["settle"]>): Promise<void> {
    if (this.isLost) return;
    try {
      await this.shared.settle(...how);
    } catch {
      // What was reserved stays reserved until its minute is over.
      this.note(true);
    }
  }

  private note(lost: boolean): void {
    if (lost) this.restUntilMs = this.nowMs() + REST_MS;
    if (lost === this.isLost) return;
    this.isLost = lost;
    if (!lost) this.restUntilMs = -Infinity;
    this.watch(lost ? "lost" : "back");
  }
}
