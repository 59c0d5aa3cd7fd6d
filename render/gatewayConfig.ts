/** The gateway's configuration file. Its shape is the gateway's own (`gateway/config.ts`); a test holds the two together. */
import type { GatewayPolicy, LocalStackPlan } from "../plan/plan";
import { sortKeys, type JsonObject } from "./text";

/** Files the gateway reads; absolute paths. The secrets stay in them, not here. */
export interface GatewayFiles {
  /** Private keys, PKCS8 PEM: the first one signs, all verify. At least one. */
  readonly signingKeys: readonly string[];
  /** Users, JSON. */
  readonly users: string;
}

/** Keys that both kinds of stack take from the plan. */
const common = (policy: GatewayPolicy): JsonObject => ({
  audience: policy.audience,
  token: { lifetimeSeconds: policy.lifetimeSeconds },
  readiness: { model: policy.readinessModel },
  ...(policy.corsOrigins.length === 0 ? {} : { corsOrigins: policy.corsOrigins }),
  logLevel: "info",
});

/** Renders the gateway's configuration as a plain object with sorted keys. Same plan and files, same object. */
export function renderGatewayConfig(plan: LocalStackPlan, files: GatewayFiles): JsonObject {
  const { gateway } = plan;
  return sortKeys({
    ...common(gateway),
    listen: { host: gateway.host, port: gateway.port },
    upstream: { url: gateway.upstreamUrl },
    issuer: gateway.issuer,
    signingKeys: files.signingKeys.map((file) => ({ file })),
    usersFile: files.users,
    limits: { ...gateway.limits },
  });
}

/** What one subject may use in a minute. What is absent comes from `ClusterGateway.policy` and `tokensPerMinute`. */
export interface GatewayRole {
  readonly name: string;
  readonly requestsPerMinute?: number | undefined;
  /** Prompt and completion tokens. */
  readonly tokensPerMinute?: number | undefined;
}

/** The gateway of a cluster: what is mounted where, and who is around it. Paths are absolute, inside the container. */
export interface ClusterGateway {
  readonly policy: GatewayPolicy;
  /** TCP port of the API on all addresses, which its Service points to. */
  readonly port: number;
  /** TCP port of /metrics, open to whoever reaches it: a NetworkPolicy admits Prometheus alone. */
  readonly metricsPort: number;
  /** Where a client reaches it: also the `iss` of its tokens. */
  readonly issuer: string;
  /** Ray Serve's HTTP proxy. */
  readonly upstreamUrl: string;
  /** Route prefix of each model's application there, by served name. @default all at `upstreamUrl` */
  readonly routes?: Readonly<Record<string, string>>;
  readonly mounts: {
    /** A Secret's mount: `signing.pem` signs, every other `*.pem` verifies. */
    readonly signingKeys: string;
    /** `users.json` in a Secret's mount; absent with OIDC alone. */
    readonly users?: string;
    /** The engine is announced down while this file exists (a key of a ConfigMap that is mounted as a directory). */
    readonly maintenanceFlag?: string;
  };
  /** Prompt and completion tokens of one subject in a minute. @default no bound */
  readonly tokensPerMinute?: number | undefined;
  /** In order of precedence. */
  readonly roles: readonly GatewayRole[];
  /** Role of each person behind a chat UI whose token carries `act-as`. @default none */
  readonly peopleRole?: string;
  readonly oidc?: {
    readonly issuer: string;
    readonly jwksUri: string;
    readonly audience: string;
    readonly scopeClaim?: string | undefined;
    readonly modelsClaim?: string | undefined;
    readonly roleClaim?: string | undefined;
  };
  /** Shares quotas between replicas. @default each replica counts alone */
  readonly redis?: {
    /** `rediss://host:port` or `redis://...`, no credentials in it. */
    readonly url: string;
    readonly username?: string;
    readonly passwordFile: string;
    /** PEM; absent: the system's CAs. */
    readonly caFile?: string;
    /** @default "failOpen": each replica serves its share */
    readonly whenLost?: "failOpen" | "failClosed";
  };
  readonly replicas: number;
  /** Addresses or CIDR ranges of the ingress and of a CDN before it, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** The pod's `terminationGracePeriodSeconds` (at least 20). */
  readonly gracePeriodSeconds: number;
  /** Seconds in Retry-After while the engine is announced down. @default the gateway's own, 60 */
  readonly maintenanceRetrySeconds?: number;
}

/** Seconds in which balancers notice that a pod is not ready: the probe's period and the way through the endpoints. */
const DRAIN_DELAY_SECONDS = 10;
/** Seconds of the grace period for closing what is left. */
const CLOSING_SECONDS = 5;

const present = (entries: Readonly<Record<string, string | number | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );

/** Renders the configuration of a gateway in a cluster, with sorted keys. Same input, same object. */
export function renderClusterGatewayConfig(cluster: ClusterGateway): JsonObject {
  const { policy, mounts, redis, oidc, tokensPerMinute, peopleRole } = cluster;
  return sortKeys({
    ...common(policy),
    listen: { host: "0.0.0.0", port: cluster.port },
    metrics: { host: "0.0.0.0", port: cluster.metricsPort },
    upstream: { url: cluster.upstreamUrl, ...(cluster.routes === undefined ? {} : { routes: cluster.routes }) },
    issuer: cluster.issuer,
    signingKeys: [],
    signingKeysDir: mounts.signingKeys,
    ...present({ usersFile: mounts.users }),
    ...(oidc === undefined ? {} : { oidc: present({ ...oidc }) }),
    limits: { ...policy.limits, ...present({ tokensPerMinute }) },
    roles: cluster.roles.map((role) => present({ ...role })),
    actAs: present({ role: peopleRole }),
    ...(redis === undefined ? {} : { redis: { ...present({ ...redis }), replicas: cluster.replicas } }),
    trustedProxies: cluster.trustedProxies,
    maintenance: present({ file: mounts.maintenanceFlag, retryAfterSeconds: cluster.maintenanceRetrySeconds }),
    drainDelaySeconds: DRAIN_DELAY_SECONDS,
    shutdownSeconds: cluster.gracePeriodSeconds - DRAIN_DELAY_SECONDS - CLOSING_SECONDS,
  });
}
