/** A quota counts in whole minutes since the epoch. */
export const WINDOW_MS = 60_000;

/** What was asked of a quota. */
export interface Taking {
  /** Names the subject and what is counted. */
  readonly key: string;
  readonly cost: number;
  /** Per minute. */
  readonly limit: number;
}

/** How a quota stands after it was asked. */
export interface Standing {
  readonly taken: boolean;
  /** Used in this minute, what was just taken included; above the limit when more was owed than a minute gives. */
  readonly used: number;
  readonly window: number;
  /** Milliseconds until the minute ends. */
  readonly resetMs: number;
}

/** Where the use of quotas is counted. */
export interface QuotaStore {
  /** Takes `cost` if it fits, all of it or nothing. */
  take(taking: Taking): Promise<Standing>;
  /**
   * Corrects what was taken in `window` by `delta`. Less than taken counts only while that minute lasts (it is no credit for
   * another); more always counts, now.
   */
  settle(taking: Taking, window: number, delta: number): Promise<void>;
}

/** A quota that was asked, and the way to correct it once. */
export interface Taken extends Standing {
  /** The limit that counted: a share of it while replicas cannot ask each other. */
  readonly limit: number;
  /** Replaces what was taken by what was really used; later calls do nothing. */
  settle(actual: number): Promise<void>;
}

/** Takes from a quota. */
export interface Counter {
  /** @throws ApiError 503 when nobody can tell whether it fits */
  take(taking: Taking): Promise<Taken>;
}

/** What a store said, with the way back to that store. */
export function takenFrom(store: Pick<QuotaStore, "settle">, taking: Taking, standing: Standing): Taken {
  let open = standing.taken;
  const settle = async (actual: number): Promise<void> => {
    if (!open) return;
    open = false;
    if (actual !== taking.cost) await store.settle(taking, standing.window, actual - taking.cost);
  };
  return { ...standing, limit: taking.limit, settle };
}

interface Use {
  readonly window: number;
  readonly used: number;
}

/** What of a use still counts in `window`: what went over the limit is owed by the minutes that follow. */
export function carried(use: Use | undefined, window: number, limit: number): number {
  return use === undefined ? 0 : Math.max(0, use.used - limit * (window - use.window));
}

/** Minutes' ends to wait for until `cost` fits; 1 is the end of this minute. `cost` must not be above `limit`. */
export function windowsUntilFit(used: number, cost: number, limit: number): number {
  return Math.max(1, Math.ceil((used + cost - limit) / limit));
}

/** Counts in this process. */
export class MemoryStore implements QuotaStore {
  private readonly uses = new Map<string, Use & { limit: number }>();
  private swept = 0;

  constructor(private readonly nowMs: () => number = () => Date.now()) {}

  /** How many subjects are remembered. */
  get size(): number {
    return this.uses.size;
  }

  take({ key, cost, limit }: Taking): Promise<Standing> {
    const now = this.nowMs();
    const window = Math.floor(now / WINDOW_MS);
    this.sweep(window);
    const before = carried(this.uses.get(key), window, limit);
    const taken = before + cost <= limit;
    const used = taken ? before + cost : before;
    if (taken) this.uses.set(key, { window, used, limit });
    return Promise.resolve({ taken, used, window, resetMs: (window + 1) * WINDOW_MS - now });
  }

  settle({ key, limit }: Taking, window: number, delta: number): Promise<void> {
    const current = Math.floor(this.nowMs() / WINDOW_MS);
    const before = carried(this.uses.get(key), current, limit);
    if (delta > 0 || current === window)
      this.uses.set(key, { window: current, used: Math.max(0, before + delta), limit });
    return Promise.resolve();
  }

  /** Once a minute: forgets whom nothing is held against, so that memory follows the subjects of the last minutes. */
  private sweep(window: number): void {
    if (window === this.swept) return;
    this.swept = window;
    for (const [key, use] of this.uses) if (carried(use, window, use.limit) === 0) this.uses.delete(key);
  }
}

/** Each replica for itself. */
export class LocalCounter implements Counter {
  private readonly store: MemoryStore;

  constructor(nowMs?: () => number) {
    this.store = new MemoryStore(nowMs);
  }

  async take(taking: Taking): Promise<Taken> {
    return takenFrom(this.store, taking, await this.store.take(taking));
  }
}
