import { existsSync } from "node:fs";
import type { GatewayConfig } from "./config";
import { unavailable, type ApiError } from "./errors";

/** How long a look at the flag file is believed; without this each request would look. */
const LOOK_MS = 1000;

/** Whether the engine is announced down. */
export class Maintenance {
  private lookedMs = -Infinity;
  private flagged = false;

  constructor(
    private readonly config: () => GatewayConfig["maintenance"],
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get isOn(): boolean {
    const { enabled, file } = this.config();
    if (enabled || file === undefined) return enabled;
    const now = this.nowMs();
    if (now - this.lookedMs >= LOOK_MS) {
      this.lookedMs = now;
      this.flagged = existsSync(file);
    }
    return this.flagged;
  }

  /** The answer to whatever needs the engine, or undefined when that is up. */
  refusal(): ApiError | undefined {
    if (!this.isOn) return undefined;
    const { message, retryAfterSeconds } = this.config();
    return unavailable("maintenance", message, retryAfterSeconds);
  }
}
