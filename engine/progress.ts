/** Receives one line of text, without a newline, for the person who waits. Never holds a secret. */
export type Progress = (line: string) => void;

/** Longest silence, in ms, while something slow runs (house rule: a line at least every 5 s). */
const HEARTBEAT_MS = 5_000;

/**
 * Runs `work` and reports `label` with the seconds spent so far at least every 5 s until it settles.
 * A step that ends sooner reports nothing.
 */
export async function withHeartbeat<T>(progress: Progress, label: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const timer = setInterval(() => {
    progress(`${label}: ${Math.round((Date.now() - started) / 1000)} s so far`);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
