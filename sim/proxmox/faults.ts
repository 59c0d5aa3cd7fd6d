/** Failures on demand: the next calls that fit are answered otherwise. */

/** What is to fail, and how. */
export interface Failure {
  /** @default any */
  readonly method?: string;
  /** Path below /api2/json, as a whole; a pattern matches any part of it. @default any */
  readonly path?: string | RegExp;
  /** Calls that fail, once `skip` have passed. @default 1 */
  readonly times?: number;
  /** Fitting calls that pass before. @default 0 */
  readonly skip?: number;
  /** HTTP status of the answer. @default 500 */
  readonly status?: number;
  /** @default "simulated failure" */
  readonly message?: string;
  /** `after` does the work and then loses the answer, as a broken connection does. @default "before" */
  readonly when?: "before" | "after";
  /** No answer at all: the connection is closed. @default false */
  readonly hangUp?: boolean;
}

interface Pending {
  readonly failure: Failure;
  skip: number;
  times: number;
}

/** The failures that are still to come. */
export class Faults {
  private pending: Pending[] = [];

  add(failure: Failure): void {
    this.pending.push({ failure, skip: failure.skip ?? 0, times: failure.times ?? 1 });
  }

  clear(): void {
    this.pending = [];
  }

  /** The failure for this call, which is then used up. */
  take(method: string, path: string): Failure | undefined {
    for (const one of this.pending) {
      if (!fits(one.failure, method, path) || one.times === 0) continue;
      if (one.skip > 0) {
        one.skip -= 1;
        continue;
      }
      one.times -= 1;
      return one.failure;
    }
    return undefined;
  }
}

function fits(failure: Failure, method: string, path: string): boolean {
  if (failure.method !== undefined && failure.method !== method) return false;
  if (failure.path === undefined) return true;
  return typeof failure.path === "string" ? failure.path === path : failure.path.test(path);
}
