import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { LogController, type FastifyInstance } from "fastify";
import { Authenticator } from "./authenticate";
import type { GatewayConfig } from "./config";
import { errorCode, notFound } from "./errors";
import { ConfigError } from "./faults";
import { installGate } from "./gate";
import { loadSigningKeys, type SigningKey } from "./keys";
import { RequestLimits } from "./limits";
import { Login } from "./login";
import { Metrics } from "./metrics";
import { OidcTokens } from "./oidc";
import { deriveWithScrypt, type Derive } from "./password";
import { Readiness } from "./readiness";
import { answerBrokenRequest, errorReplier } from "./replies";
import { registerRoutes } from "./routes";
import { OwnTokens } from "./tokens";
import { Upstream } from "./upstream";
import { UserStore } from "./users";

/** How often the users file is looked at; with the read itself a change counts within 2 s. */
const USERS_POLL_MS = 1000;
/** Longest a client may take to send a whole request: 64 MiB at 10 Mb/s is 54 s. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Above nginx's 60 s upstream keep-alive, so that an ingress never sends on a connection we are closing. */
const KEEP_ALIVE_MS = 72_000;

export interface GatewayOptions {
  /** Where log lines go. @default standard error */
  readonly logTo?: { write(line: string): void };
  /** @default scrypt of node:crypto */
  readonly derive?: Derive;
  /** Least milliseconds between two reads of an OIDC issuer's keys. @default 30000 */
  readonly oidcCooldownMs?: number;
}

/** A gateway that listens. */
export interface Gateway {
  readonly url: string;
  /** Address of the metrics listener, when it has its own. */
  readonly metricsUrl: string | undefined;
  readonly app: FastifyInstance;
  /** Stops accepting, lets open requests end for `shutdownSeconds`, then cuts them off. */
  close(): Promise<void>;
}

/** Requests are checked by requestRules.ts; Fastify's own JSON-schema compilers stay out of the bundle. */
function noSchemas(): never {
  throw new Error("routes of the gateway have no JSON schema");
}

function createApp(config: GatewayConfig, logTo: GatewayOptions["logTo"]): FastifyInstance {
  const { limits, trustedProxies } = config;
  const replyError = errorReplier(limits.bodyBytes);
  const app = fastify({
    logger: {
      level: config.logLevel,
      stream: logTo ?? process.stderr,
      // An error's message can quote a request (a JSON parser does), so only its code is ever written.
      serializers: { err: (error) => ({ type: error.name, message: "", stack: "", code: errorCode(error) }) },
    },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: replyError,
    clientErrorHandler: answerBrokenRequest,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false },
  });
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler(replyError);
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  return app;
}

/** Reads keys and users; reports the faults of both together. @throws ConfigError */
async function loadSecrets(config: GatewayConfig): Promise<{ keys: SigningKey[]; users: UserStore }> {
  const { keys, faults } = await loadSigningKeys(config);
  try {
    const users = config.usersFile === undefined ? UserStore.empty() : UserStore.load(config.usersFile);
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
  const { keys, users } = await loadSecrets(config);
  const app = createApp(config, options.logTo);
  const upstream = new Upstream(config.upstream);
  const limits = new RequestLimits(config.limits);
  const metrics = new Metrics(() => limits.inFlight);
  const readiness = new Readiness(config.readiness, upstream);
  const own = new OwnTokens(config, keys);
  const { leewaySeconds } = config.token;
  const oidc = config.oidc && new OidcTokens(config.oidc, leewaySeconds, options.oidcCooldownMs);
  const authenticator = new Authenticator(own, oidc, users, leewaySeconds);
  const login = new Login(config.login, users, own, options.derive ?? deriveWithScrypt);
  installGate(app, { authenticator, limits, metrics, corsOrigins: config.corsOrigins });
  await registerRoutes(app, { config, upstream, login, limits, readiness, metrics });
  users.follow(USERS_POLL_MS, (event) => app.log.warn(event));

  const metricsServer = config.metrics ? metrics.server() : undefined;
  if (metricsServer && config.metrics) await listen(metricsServer, config.metrics);
  await app.listen({ ...config.listen, listenTextResolver: () => "listening" });
  return {
    app,
    url: urlOf(app.server),
    metricsUrl: metricsServer && urlOf(metricsServer),
    close: async () => {
      readiness.drain();
      await drain(app, config.shutdownSeconds);
      metricsServer?.close().closeAllConnections();
      users.close();
      await upstream.close();
    },
  };
}
