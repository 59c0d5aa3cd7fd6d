/** Ctrl-C: the first one during an operation lets the engine end its commands and save its state; any other ends us. */

/** The operation that runs, if one does. */
let operation: AbortController | undefined;

/**
 * How long further signals after the one that aborted count as the same, in ms: at a terminal Ctrl-C comes from the
 * terminal itself, and again from npm and from tsx, which both pass it on (tsx waits 30 ms first).
 */
const echoMs = 500;

/** Where signals come from, and what ends the process: others in tests. */
export interface SignalSource {
  readonly signals: Pick<NodeJS.EventEmitter, "on" | "removeListener">;
  readonly exit: (code: number) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

const own: SignalSource = { signals: process, exit: (code) => process.exit(code), now: () => Date.now() };

/**
 * Ends the process on SIGINT and SIGTERM by an orderly exit, on which children are ended too, unless an operation runs that
 * can be aborted. @returns what takes this away again
 */
export function endOnSignals({ signals, exit, now }: SignalSource = own): () => void {
  let abortedAt = -Infinity;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (now() - abortedAt < echoMs) return;
    if (operation === undefined || operation.signal.aborted) return exit(signal === "SIGINT" ? 130 : 143);
    abortedAt = now();
    operation.abort();
  };
  signals.on("SIGINT", onSignal);
  signals.on("SIGTERM", onSignal);
  return () => {
    signals.removeListener("SIGINT", onSignal);
    signals.removeListener("SIGTERM", onSignal);
  };
}

/** Runs `body` with a signal that the first Ctrl-C or SIGTERM aborts. */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  operation = new AbortController();
  try {
    return await body(operation.signal);
  } finally {
    operation = undefined;
  }
}
