import { randomUUID } from "node:crypto";
import fastify, { LogController, type FastifyInstance } from "fastify";
import type { GatewayConfig } from "./config";
import { errorCode, notFound } from "./errors";
import { answerBrokenRequest, errorReplier } from "./replies";

/** Longest a client may take to send a whole request: 64 MiB at 10 Mb/s is 54 s. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Above nginx's 60 s upstream keep-alive, so that an ingress never sends on a connection we are closing. */
const KEEP_ALIVE_MS = 72_000;

/** Requests are checked by requestRules.ts; Fastify's own JSON-schema compilers stay out of the bundle. */
function noSchemas(): never {
  throw new Error("routes of the gateway have no JSON schema");
}

/** The HTTP server, without any route. @param logTo @default standard error */
export function createApp(config: GatewayConfig, logTo?: { write(line: string): void }): FastifyInstance {
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
