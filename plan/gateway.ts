/** What the gateway lets through: from the user's limits and what the models can do. */
import { mib, mibToBytes, minutesToSeconds } from "../catalog/units";
import type { Profile } from "../config/schema";
import type { ServingPlans } from "./cluster/types";
import type { GatewayPolicy } from "./types";

/** Most answers to one request: each holds a slot. */
const mostAnswers = 4;

/** A model as the gateway sees it. */
export interface ServedModel {
  readonly name: string;
  /** Requests answered at the same time, by all replicas together. */
  readonly slots: number;
  /** In tokens. */
  readonly context: number;
}

/** The gateway's limits. @param models at least one; the first one must answer before the gateway is ready */
export function gatewayPolicy({ gateway, stack }: Profile, models: readonly ServedModel[]): GatewayPolicy {
  const slots = models.reduce((sum, model) => sum + model.slots, 0);
  return {
    audience: `tokenrack/${stack}`,
    lifetimeSeconds: minutesToSeconds(gateway.tokenLifetimeMinutes),
    limits: {
      bodyBytes: mibToBytes(mib(gateway.bodyMib)),
      n: Math.min(mostAnswers, ...models.map((model) => model.slots)),
      maxTokens: Math.min(gateway.maxTokens, Math.max(...models.map(({ context }) => context))),
      concurrencyPerSubject: gateway.concurrencyPerUser,
      requestsPerMinute: gateway.requestsPerMinute,
      // As many wait as are being answered: one more wave, and nobody waits for two.
      inFlight: 2 * slots,
    },
    corsOrigins: [...gateway.corsOrigins].sort(),
    readinessModel: models[0]?.name ?? "",
    firstUser: gateway.firstUser,
  };
}

/** The gateway's limits in front of the models of a cluster. */
export const clusterPolicy = (profile: Profile, { models }: ServingPlans): GatewayPolicy =>
  gatewayPolicy(
    profile,
    models.map(({ name, engine, replicas }) => ({
      name,
      slots: engine.maxNumSeqs * replicas,
      context: engine.maxModelLen,
    })),
  );
