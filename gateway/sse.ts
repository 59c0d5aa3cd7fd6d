/** An SSE comment: every client skips it. @see https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes */
export const COMMENT = ": keep-alive\n\n";

/** Longest event that is held until it is whole. One that is longer passes as it comes, and so does all that follows it. */
const LONGEST_EVENT = 1_048_576;
const EMPTY = Buffer.alloc(0);
const BLANK_LINES = ["\n\n", "\r\n\r\n"];

/** Where the last whole event of a buffer ends; 0 when there is none. */
function endOfLastEvent(bytes: Buffer): number {
  return Math.max(
    ...BLANK_LINES.map((blank) => {
      const at = bytes.lastIndexOf(blank);
      return at < 0 ? 0 : at + blank.length;
    }),
  );
}

/** Whether an event is the one that vLLM sends last when it was asked for usage: no choice, only counts. */
export function isUsageEvent(event: string): boolean {
  // Inside a JSON string quotes are escaped, so a model's text cannot pose as it.
  return /^data: ?\{/.test(event) && /"choices":\s*\[\s*\]/.test(event) && /"usage":\s*\{/.test(event);
}

/** Passes whole SSE events on, as soon as each is whole, and leaves some out. */
export class EventFilter {
  private rest: Buffer = EMPTY;
  private raw = false;
  private passed = 0;

  /** @param drop told each event that names `usage`; whether to leave it out */
  constructor(private readonly drop: (event: string) => boolean) {}

  /** Events seen so far. */
  get events(): number {
    return this.passed;
  }

  /** Whether what was passed ends with a whole event, so that something of ours may follow. */
  get atBoundary(): boolean {
    return !this.raw;
  }

  push(chunk: Buffer): Buffer {
    if (this.raw) return chunk;
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const end = endOfLastEvent(bytes);
    this.rest = bytes.subarray(end);
    if (this.rest.length > LONGEST_EVENT) {
      this.raw = true;
      return bytes;
    }
    return end === 0 ? EMPTY : this.sift(bytes.subarray(0, end));
  }

  /** What stood after the last whole event of an answer that ended. */
  end(): Buffer {
    const { rest } = this;
    this.rest = EMPTY;
    return rest;
  }

  private sift(events: Buffer): Buffer {
    for (let at = events.indexOf("\n\n"); at >= 0; at = events.indexOf("\n\n", at + 2)) this.passed += 1;
    if (!events.includes('"usage"')) return events;
    // Latin-1: byte for byte, there and back.
    const kept = events
      .toString("latin1")
      .split(/(?<=\n\n|\r\n\r\n)/)
      .filter((event) => !this.drop(event));
    return Buffer.from(kept.join(""), "latin1");
  }
}
