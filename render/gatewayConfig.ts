/** The gateway's configuration file. Its shape is the gateway's own (`gateway/config.ts`); a test holds the two together. */
import type { LocalStackPlan } from "../plan/plan";
import { sortKeys, type JsonObject } from "./text";

/** Files the gateway reads; absolute paths. The secrets stay in them, not here. */
export interface GatewayFiles {
  /** Private keys, PKCS8 PEM: the first one signs, all verify. At least one. */
  readonly signingKeys: readonly string[];
  /** Users, JSON. */
  readonly users: string;
}

/** Renders the gateway's configuration as a plain object with sorted keys. Same plan and files, same object. */
export function renderGatewayConfig(plan: LocalStackPlan, files: GatewayFiles): JsonObject {
  const { gateway } = plan;
  return sortKeys({
    listen: { host: gateway.host, port: gateway.port },
    upstream: { url: gateway.upstreamUrl },
    issuer: gateway.issuer,
    audience: gateway.audience,
    token: { lifetimeSeconds: gateway.lifetimeSeconds },
    signingKeys: files.signingKeys.map((file) => ({ file })),
    usersFile: files.users,
    limits: { ...gateway.limits },
    readiness: { model: gateway.readinessModel },
    ...(gateway.corsOrigins.length === 0 ? {} : { corsOrigins: gateway.corsOrigins }),
    logLevel: "info",
  });
}
