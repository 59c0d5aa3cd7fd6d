import { readdirSync, statSync } from "node:fs";
import { errorCode } from "./errors";

/** What a path is now, as far as stat can tell: also a Kubernetes mount's `..data` symlink that points elsewhere. */
function stateOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true });
    const names = stat.isDirectory() ? readdirSync(path).join("/") : "";
    return `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}.${names}`;
  } catch (error) {
    return errorCode(error);
  }
}

/** Something that is read from files and can be read again. */
export interface Followed {
  /** Asked at each look, so that a directory's new files are followed too. */
  readonly paths: () => readonly string[];
  /** Reads again. What it throws is told as `refused`; the old content is then still in force. */
  readonly reload: () => Promise<void> | void;
  readonly report: (error?: unknown) => void;
}

/**
 * Looks at files again and again and has read again what changed. It polls: inotify misses symlink swaps and network file systems.
 * Parts are read in their order; what was refused is tried again whenever anything changes, as one part may need another's change.
 */
export class Follower {
  private readonly timer: NodeJS.Timeout;
  private readonly seen: string[];
  private readonly refused = new Set<number>();
  private busy = false;

  constructor(
    private readonly parts: readonly Followed[],
    intervalMs: number,
  ) {
    this.seen = this.look();
    this.timer = setInterval(() => void this.check(), intervalMs);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): string[] {
    return this.parts.map(({ paths }) =>
      paths()
        .map((path) => `${path} ${stateOf(path)}`)
        .join("\n"),
    );
  }

  private async check(): Promise<void> {
    if (this.busy) return;
    const now = this.look();
    const changed = now.map((state, index) => state !== this.seen[index]);
    if (!changed.includes(true)) return;
    // Noted before anything is read: what changes meanwhile is a change of the next look.
    this.seen.splice(0, now.length, ...now);
    this.busy = true;
    for (const [index, part] of this.parts.entries())
      if (changed[index] || this.refused.has(index)) await this.read(index, part);
    this.busy = false;
  }

  private async read(index: number, { reload, report }: Followed): Promise<void> {
    try {
      await reload();
      this.refused.delete(index);
      report();
    } catch (error) {
      this.refused.add(index);
      report(error);
    }
  }
}
