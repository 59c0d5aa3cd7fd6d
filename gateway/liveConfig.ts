import { isDeepStrictEqual } from "node:util";
import type { GatewayConfig } from "./config";

/** Limits that a change of the file sets at once; the others shape what was built at the start. */
const LIVE_LIMITS = ["requestsPerMinute", "tokensPerMinute", "assumedTokens"] as const;
const LIVE_KEYS = ["roles", "readiness", "maintenance"] as const;

/** The configuration of the moment: of a changed file, that part which needs no restart. */
export class LiveConfig {
  constructor(private config: GatewayConfig) {}

  get current(): GatewayConfig {
    return this.config;
  }

  /** Takes over what can change while running. @returns the keys whose change waits for a restart */
  adopt(fresh: GatewayConfig): string[] {
    const { roles, readiness, maintenance, limits } = fresh;
    const { requestsPerMinute, tokensPerMinute, assumedTokens } = limits;
    const old = this.config;
    this.config = {
      ...old,
      roles,
      readiness,
      maintenance,
      limits: { ...old.limits, requestsPerMinute, tokensPerMinute, assumedTokens },
    };
    return waitingKeys(this.config, fresh);
  }
}

function waitingKeys(config: GatewayConfig, fresh: GatewayConfig): string[] {
  const differs = (a: object, b: object, live: readonly string[]): string[] =>
    [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (key) => !live.includes(key) && !isDeepStrictEqual(Reflect.get(a, key), Reflect.get(b, key)),
    );
  const top = differs(config, fresh, ["limits", ...LIVE_KEYS]);
  return [...top, ...differs(config.limits, fresh.limits, LIVE_LIMITS).map((key) => `limits.${key}`)];
}
