import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

/** One request that was sent. */
export interface Sample {
  readonly status: number;
  /** Milliseconds from when it was due (not from when it was sent) to the end of its answer. */
  readonly ms: number;
  /** Milliseconds from when it was due to the first byte of its body. */
  readonly firstByteMs: number;
  readonly text: string;
}

/** Where load goes, and as whom. */
export class Target {
  private readonly pool: Pool;

  constructor(
    url: string,
    private readonly token?: string,
  ) {
    this.pool = new Pool(url, { connections: null, keepAliveTimeout: 30_000 });
  }

  async send(body: object, dueMs: number, signal?: AbortSignal): Promise<Sample> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.token ?? "none"}` };
    const path = "/v1/chat/completions";
    try {
      const response = await this.pool.request({
        path,
        method: "POST",
        headers,
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      });
      let firstByteMs = 0;
      let text = "";
      for await (const part of response.body as AsyncIterable<Buffer>) {
        if (text === "") firstByteMs = performance.now() - dueMs;
        text += part.toString("latin1");
      }
      return { status: response.statusCode, ms: performance.now() - dueMs, firstByteMs, text };
    } catch {
      return { status: 0, ms: performance.now() - dueMs, firstByteMs: 0, text: "" };
    }
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}

/** Open loop: `perSecond` requests are due at fixed times whether or not earlier ones were answered. */
export async function openLoop(
  perSecond: number,
  seconds: number,
  send: (dueMs: number) => Promise<Sample>,
): Promise<Sample[]> {
  const startMs = performance.now() + 20;
  const sent: Promise<Sample>[] = [];
  const total = Math.round(perSecond * seconds);
  while (sent.length < total) {
    const dueMs = startMs + (sent.length * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    // Never early; timers are whole milliseconds, so at most about one late, and that counts as latency.
    if (waitMs > 0) await sleep(Math.ceil(waitMs));
    sent.push(send(dueMs));
  }
  return Promise.all(sent);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

/** Slope of a straight line through the points, in y per x. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (pick: (p: readonly [number, number]) => number): number =>
    points.reduce((sum, p) => sum + pick(p), 0) / points.length;
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
  const top = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return top / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}
