/** What a run is at. */
export type Stage = "starting" | "waiting" | "listing" | "checking" | "downloading" | "ready" | "failed";

/** One line of stdout, as JSON. Times in seconds, sizes in bytes. */
export interface ProgressLine {
  readonly stage: Stage;
  readonly bytesDone: number;
  /** Left out until it is known. */
  readonly bytesTotal?: number;
  /** Bytes that came over the network, a second, since the last line. */
  readonly bytesPerSecond: number;
  /** Left out while nothing moves. */
  readonly etaSeconds?: number;
  /** The file that got bytes last. */
  readonly file?: string;
  /** What happened last, for people: a wait, another try, who holds the lock. */
  readonly note?: string;
  /** On the last line. */
  readonly exitCode?: number;
  readonly revision?: string;
}

/** Seconds between two lines. */
const EVERY_SECONDS = 5;

/** Tells on stdout how far the run is, at most every 5 s and at its end. */
export class Progress {
  private stage: Stage = "starting";
  private done = 0;
  private total: number | undefined;
  private received = 0;
  private file: string | undefined;
  private noted: string | undefined;
  private told = { received: 0, at: performance.now() };
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly write: (line: string) => void) {
    this.timer = setInterval(() => this.tell(), EVERY_SECONDS * 1000);
    this.timer.unref();
  }

  enter(stage: Stage): void {
    this.stage = stage;
  }

  /** @param done bytes that are there already @param total bytes in all */
  begin(done: number, total: number): void {
    this.done = done;
    this.total = total;
  }

  /** Counts bytes of a file, negative when they are thrown away. @param fromNetwork whether they just arrived */
  add(file: string, bytes: number, fromNetwork: boolean): void {
    this.done += bytes;
    this.file = file;
    if (fromNetwork) this.received += bytes;
  }

  readonly note = (text: string): void => {
    this.noted = text;
  };

  private tell(last: Partial<ProgressLine> = {}): void {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.told.at) / 1000);
    const bytesPerSecond = Math.round((this.received - this.told.received) / seconds);
    this.told = { received: this.received, at: now };
    const { done, total, file, noted } = this;
    const moving = this.stage === "downloading" && bytesPerSecond > 0 && total !== undefined;
    const line: ProgressLine = {
      stage: this.stage,
      bytesDone: done,
      ...(total === undefined ? {} : { bytesTotal: total }),
      bytesPerSecond,
      ...(moving ? { etaSeconds: Math.ceil((total - done) / bytesPerSecond) } : {}),
      ...(file === undefined ? {} : { file }),
      ...(noted === undefined ? {} : { note: noted }),
      ...last,
    };
    this.noted = undefined;
    this.write(`${JSON.stringify(line)}\n`);
  }

  /** The last line. */
  end(stage: "ready" | "failed", last: Partial<ProgressLine>): void {
    clearInterval(this.timer);
    this.stage = stage;
    this.tell(last);
  }
}
