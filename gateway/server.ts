import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { createApp } from "./app";
import { Authenticator } from "./authenticate";
import type { GatewayConfig } from "./config";
import { ConfigError } from "./faults";
import { installGate } from "./gate";
import { KeyRing } from "./keyRing";
import { loadSigningKeys, type SigningKey } from "./keys";
import { RequestLimits } from "./limits";
import { LiveConfig } from "./liveConfig";
import { Login } from "./login";
import { Maintenance } from "./maintenance";
import { Metrics } from "./metrics";
import { ModelRoutes } from "./modelRoutes";
import { OidcTokens } from "./oidc";
import { deriveWithScrypt, type Derive } from "./password";
import { openQuotas } from "./quotaCounter";
import { Readiness } from "./readiness";
import { redisFaults } from "./redisStore";
import { followFiles } from "./reload";
import { registerRoutes } from "./routes";
import { OwnTokens } from "./tokens";
import { Upstream } from "./upstream";
import { UserStore } from "./users";

export interface GatewayOptions {
  /** Where log lines go. @default standard error */
  readonly logTo?: { write(line: string): void };
  /** @default scrypt of node:crypto */
  readonly derive?: Derive;
  /** Least milliseconds between two reads of an OIDC issuer's keys. @default 30000 */
  readonly oidcCooldownMs?: number;
  /** Milliseconds since the epoch, by which quotas count minutes where they are not shared. @default the system's clock */
  readonly quotaClock?: () => number;
  /** The configuration's file, to be read again when it changes. @default not followed */
  readonly configFile?: string;
}

/** A gateway that listens. */
export interface Gateway {
  readonly url: string;
  /** Address of the metrics listener, when it has its own. */
  readonly metricsUrl: string | undefined;
  readonly app: FastifyInstance;
  /** From now on not ready; after `drainDelaySeconds` stops accepting, lets open requests end for `shutdownSeconds`, then cuts them off. */
  close(): Promise<void>;
}

/** Reads keys and users; reports the faults of all files together. @throws ConfigError */
async function loadSecrets(live: LiveConfig): Promise<{ keys: SigningKey[]; users: UserStore }> {
  const { usersFile, redis } = live.current;
  const { keys, faults } = await loadSigningKeys(live.current);
  if (redis) faults.push(...redisFaults(redis));
  try {
    const roles = (): string[] => live.current.roles.map(({ name }) => name);
    const users = usersFile === undefined ? UserStore.empty() : UserStore.load(usersFile, roles);
    if (faults.length === 0) return { keys, users };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  throw new ConfigError(faults);
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  server.listen(at.port, at.host);
  await once(server, "listening");
}

/** Waits for open requests, cuts them off after `seconds`, and closes connections as they fall idle. */
async function drain(app: FastifyInstance, seconds: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const cut = setTimeout(() => app.server.closeAllConnections(), seconds * 1000);
  await app.close();
  clearInterval(idle);
  clearTimeout(cut);
}

/** Builds the gateway from a checked configuration and listens. @throws ConfigError for unfit keys or users */
export async function startGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
  const live = new LiveConfig(config);
  const { keys, users } = await loadSecrets(live);
  const app = createApp(config, options.logTo);
  const upstream = new Upstream(config.upstream);
  const limits = new RequestLimits(config.limits);
  const metrics = new Metrics(() => limits.inFlight, config.metricSubjects);
  const { quotas, closeQuotas } = await openQuotas(live, metrics, app.log, options.quotaClock);
  const routes = new ModelRoutes(config.upstream.routes);
  const readiness = new Readiness(() => live.current.readiness, upstream, routes);
  const maintenance = new Maintenance(() => live.current.maintenance);
  const ring = new KeyRing(keys, config.keySettleSeconds);
  const own = new OwnTokens(config, ring);
  const { leewaySeconds } = config.token;
  const oidc = config.oidc && new OidcTokens(config.oidc, leewaySeconds, options.oidcCooldownMs);
  const authenticator = new Authenticator(own, oidc, users, leewaySeconds);
  const login = new Login(config.login, users, own, options.derive ?? deriveWithScrypt);
  const { corsOrigins, actAs } = config;
  const isDraining = (): boolean => readiness.isDraining;
  const isHttps = config.issuer.startsWith("https://");
  installGate(app, { authenticator, limits, quotas, maintenance, metrics, corsOrigins, actAs, isDraining, isHttps });
  await registerRoutes(app, { config, upstream, routes, login, quotas, readiness, metrics });
  const { configFile } = options;
  const onKeys = (): void => authenticator.forget();
  const follower = followFiles({ configFile, live, ring, users, onKeys, metrics, log: app.log });

  const metricsServer = config.metrics ? metrics.server() : undefined;
  if (metricsServer && config.metrics) await listen(metricsServer, config.metrics);
  await app.listen({ ...config.listen, listenTextResolver: () => "listening" });
  return {
    app,
    url: urlOf(app.server),
    metricsUrl: metricsServer && urlOf(metricsServer),
    close: async () => {
      readiness.drain();
      await sleep(config.drainDelaySeconds * 1000);
      await drain(app, config.shutdownSeconds);
      metricsServer?.close().closeAllConnections();
      follower.close();
      closeQuotas();
      await upstream.close();
    },
  };
}
