import formbody from "@fastify/formbody";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { mayUseModel, type Policy, type Scope, type Subject } from "./access";
import type { GatewayConfig } from "./config";
import { missingToken, modelNotAllowed, notFound } from "./errors";
import type { Login } from "./login";
import type { Metrics } from "./metrics";
import type { ModelRoutes } from "./modelRoutes";
import { listModels, modelIdFromPath } from "./models";
import { forward } from "./proxy";
import type { Quotas, Reservation } from "./quotas";
import type { Readiness } from "./readiness";
import { routeLabel } from "./requestLog";
import { requestChecker, type RequestKind } from "./requestRules";
import { ClientGone, type Upstream } from "./upstream";
import type { Usage } from "./usage";

/** Bytes of a POST /token body: a name, a password of 1,024 characters percent-encoded, and room. */
const TOKEN_BODY_BYTES = 16_384;

const PUBLIC: Policy = { access: "public" };
const scoped = (scope: Scope): Policy => ({ access: "scope", scope });

export interface RouteParts {
  readonly config: GatewayConfig;
  readonly upstream: Upstream;
  readonly routes: ModelRoutes;
  readonly login: Login;
  readonly quotas: Quotas;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
}

/** The subject the gate put there; its absence would be a fault of ours, and then nobody gets in. */
function subjectOf(request: FastifyRequest): Subject {
  const { subject } = request.gate;
  if (!subject) throw missingToken();
  return subject;
}

function probes(app: FastifyInstance, { config, readiness, metrics }: RouteParts): void {
  app.get("/healthz", { config: { policy: PUBLIC } }, () => ({ status: "alive" }));
  app.get("/readyz", { config: { policy: PUBLIC } }, async (_request, reply) => {
    const state = await readiness.check();
    if (state.ready) return { status: "ready" };
    return reply.code(503).send({ status: "not ready", reason: state.reason });
  });
  // For the pod's own readiness probe: a gateway that is taken out of its Service while the engine is down can no longer say so.
  app.get("/readyz/gateway", { config: { policy: PUBLIC } }, (_request, reply) => {
    if (!readiness.isDraining) return { status: "ready" };
    return reply.code(503).send({ status: "not ready", reason: "the gateway is shutting down" });
  });
  if (config.metrics) return;
  app.get("/metrics", { config: { policy: scoped("admin") } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}

/** Its own scope: only here is a form body parsed, so that no form can stand in for a JSON body elsewhere. */
async function tokenRoute(app: FastifyInstance, { login }: RouteParts): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: TOKEN_BODY_BYTES });
  app.post("/token", { config: { policy: PUBLIC }, bodyLimit: TOKEN_BODY_BYTES }, async (request, reply) => {
    const granted = await login.grant(request.body, request.ip);
    // RFC 6749 section 5.1.
    return reply.header("cache-control", "no-store").header("pragma", "no-cache").send(granted);
  });
}

function modelRoutes(app: FastifyInstance, { upstream, routes, config }: RouteParts): void {
  const policy = scoped("models:read");
  const allowed = (request: FastifyRequest): ReturnType<typeof listModels> => {
    const signal = AbortSignal.timeout(config.upstream.headersTimeoutMs);
    return listModels(upstream, routes, { allowance: subjectOf(request).models, requestId: request.id, signal });
  };
  app.get("/v1/models", { config: { policy } }, async (request) => ({ object: "list", data: await allowed(request) }));
  app.get("/v1/models/*", { config: { policy } }, async (request) => {
    const path = (request.raw.url ?? "").split("?", 1)[0] ?? "";
    const id = modelIdFromPath(path.slice("/v1/models/".length));
    const entry = (await allowed(request)).find((model) => model.id === id);
    if (!entry) throw notFound("model_not_found");
    return entry;
  });
}

/** What an answer really used: the engine's count, else what passed, else all that was reserved. */
function tokensUsed(
  usage: Usage | undefined,
  events: number | undefined,
  { promptTokens, reserved }: Reservation,
): number {
  if (usage) return usage.promptTokens + usage.completionTokens;
  // An engine that streams sends about one token an event. A whole answer that broke off was generated as far as nobody knows.
  return events === undefined ? reserved : promptTokens + events;
}

function generation(app: FastifyInstance, parts: RouteParts, path: string, kind: RequestKind, scope: Scope): void {
  const { upstream, routes, readiness, metrics, quotas } = parts;
  const check = requestChecker(kind, parts.config.limits);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const startedMs = performance.now();
    const { model, stream, json, hideUsage, estimate } = check(request.body);
    const subject = subjectOf(request);
    if (!mayUseModel(subject.models, model)) throw modelNotAllowed();
    const target = routes.pathOf(model, path);
    const reservation = await quotas.reserve(subject, estimate, (headers) => void reply.headers(headers));
    try {
      await forward(upstream, { path: target, requestId: request.id, json, hideUsage }, reply, {
        onAccepted: () => {
          request.gate.model = model;
          metrics.observeFirstByte(routeLabel(request), performance.now() - startedMs);
          metrics.subjects.countRequest(subject.key, model);
        },
        // Embeddings prove nothing about generation.
        onGenerated: () => kind !== "embeddings" && readiness.noteGeneration(),
        onEnd: (usage, events) => {
          void reservation.settle(tokensUsed(usage, events, reservation));
          if (!usage) return;
          request.gate.usage = usage;
          metrics.countTokens(model, usage);
          metrics.subjects.countTokens(subject.key, model, usage);
        },
      });
    } catch (error) {
      // Nothing was answered. The engine works for a client that left, unseen; what it refused or failed costs nothing.
      const left = stream ? reservation.promptTokens : reservation.reserved;
      void reservation.settle(error instanceof ClientGone ? left : 0);
      throw error;
    }
  };
  app.post(path, { config: { policy: scoped(scope) } }, handler);
}

/** Every route there is. Each names its policy; the gate refuses to register one that does not. */
export async function registerRoutes(app: FastifyInstance, parts: RouteParts): Promise<void> {
  probes(app, parts);
  await app.register((scope) => tokenRoute(scope, parts));
  modelRoutes(app, parts);
  generation(app, parts, "/v1/chat/completions", "chat", "chat:write");
  generation(app, parts, "/v1/completions", "completions", "chat:write");
  generation(app, parts, "/v1/embeddings", "embeddings", "embeddings:write");
}
