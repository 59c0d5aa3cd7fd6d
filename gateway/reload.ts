import type { FastifyBaseLogger } from "fastify";
import { errorCode } from "./errors";
import { ConfigError } from "./faults";
import { Follower, type Followed } from "./follow";
import type { KeyRing } from "./keyRing";
import { keyPaths, loadSigningKeys } from "./keys";
import type { LiveConfig } from "./liveConfig";
import { loadConfig } from "./loadConfig";
import type { Metrics, Reloaded } from "./metrics";
import type { UserStore } from "./users";

/** How often files are looked at; with the reading a change counts within 2 s. */
const LOOK_MS = 1000;

export interface ReloadParts {
  /** Where the configuration came from; without it that is not followed. */
  readonly configFile: string | undefined;
  readonly live: LiveConfig;
  readonly ring: KeyRing;
  readonly users: UserStore;
  /** Keys changed: forget what the old ones proved. */
  readonly onKeys: () => void;
  readonly metrics: Metrics;
  readonly log: FastifyBaseLogger;
}

/** Follows configuration, keys and users: new content counts within 2 s; unfit content changes nothing, and log and metrics say so. */
export function followFiles({ configFile, live, ring, users, onKeys, metrics, log }: ReloadParts): Follower {
  const report =
    (what: Reloaded) =>
    (error?: unknown): void => {
      metrics.countReload(what, error === undefined ? "ok" : "refused");
      if (error === undefined) log.warn(`${what} reloaded`);
      // A fault names paths and what is needed, never a value that could be a secret.
      else
        log.error({ faults: error instanceof ConfigError ? error.faults : errorCode(error) }, `${what} file refused`);
    };
  const config: Followed = {
    paths: () => (configFile === undefined ? [] : [configFile]),
    reload: () => {
      if (configFile === undefined) return;
      const waiting = live.adopt(loadConfig(configFile));
      if (waiting.length > 0) log.warn({ keys: waiting }, "these changes of the configuration wait for a restart");
    },
    report: report("config"),
  };
  const keys: Followed = {
    paths: () => keyPaths(live.current),
    reload: async () => {
      const { keys: fresh, faults } = await loadSigningKeys(live.current);
      if (faults.length > 0) throw new ConfigError(faults);
      ring.replace(fresh);
      onKeys();
    },
    report: report("keys"),
  };
  const people: Followed = {
    paths: () => (live.current.usersFile === undefined ? [] : [live.current.usersFile]),
    reload: () => users.reload(),
    report: report("users"),
  };
  return new Follower([config, keys, people], LOOK_MS);
}
