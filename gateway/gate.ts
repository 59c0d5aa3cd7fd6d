import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { holdsScope, type Policy, type Subject } from "./access";
import { actingSubject } from "./actAs";
import type { Authenticator } from "./authenticate";
import type { GatewayConfig } from "./config";
import { allowOrigin } from "./cors";
import { insufficientScope, notFound } from "./errors";
import type { RequestLimits } from "./limits";
import type { Maintenance } from "./maintenance";
import type { Metrics } from "./metrics";
import type { Quotas } from "./quotas";
import { logWhenClosed } from "./requestLog";
import type { Usage } from "./usage";

/** What is known of a request so far; filled in as it passes. */
export interface GateState {
  subject?: Subject;
  /** Set only once the engine accepted it: until then it is any text a client likes. */
  model?: string;
  usage?: Usage;
  /** Code of the error that answered it. */
  refusal?: string;
}

declare module "fastify" {
  interface FastifyContextConfig {
    policy?: Policy;
  }
  interface FastifyRequest {
    gate: GateState;
  }
}

export interface GateParts {
  readonly authenticator: Authenticator;
  readonly limits: RequestLimits;
  readonly quotas: Quotas;
  readonly maintenance: Maintenance;
  readonly metrics: Metrics;
  readonly actAs: GatewayConfig["actAs"];
  /** Whether the process is about to end. */
  readonly isDraining: () => boolean;
  readonly corsOrigins: readonly string[];
  /** Whether clients come by TLS, which somebody before us ends. */
  readonly isHttps: boolean;
}

/** A year, as RFC 6797 section 6.1.1 has it in its example: whoever has come once never sends a password in the clear. */
const HSTS = "max-age=31536000";

/**
 * Whether a raw request target is this route, byte for byte. The router decodes (%6d), so its match alone would let one resource
 * have many names; a proxy in front that decides by path would then decide about another path than we do.
 */
export function isExactly(template: string, target: string): boolean {
  const path = target.split("?", 1)[0] ?? "";
  if (!template.endsWith("*")) return path === template;
  const prefix = template.slice(0, -1);
  const rest = path.slice(prefix.length);
  // The rest is an id, plain or percent-encoded: never empty, never with an empty or dot segment.
  return path.startsWith(prefix) && /^[A-Za-z0-9]/.test(rest) && !/\/\/|\/$|(^|\/)\.{1,2}(\/|$)/.test(rest);
}

function requirePolicy(route: { url: string; method: string | string[]; config?: { policy?: Policy } }): void {
  if (route.config?.policy) return;
  throw new Error(
    `Route ${String(route.method)} ${route.url} has no policy: give it config.policy (gateway/access.ts).`,
  );
}

/** A response's end gives back what the request took, however it ends. */
function untilClosed(reply: FastifyReply, release: () => void): void {
  reply.raw.once("close", release);
}

async function admit(request: FastifyRequest, reply: FastifyReply, policy: Policy, parts: GateParts): Promise<void> {
  if (policy.access === "public") return;
  const { limits, authenticator, quotas, maintenance } = parts;
  untilClosed(reply, limits.enter());
  const caller = await authenticator.authenticate(request.headers.authorization);
  const subject = actingSubject(caller, request.headers, parts.actAs);
  request.gate.subject = subject;
  if (!holdsScope(subject.scopes, policy.scope)) throw insufficientScope(policy.scope);
  const down = policy.scope === "admin" ? undefined : maintenance.refusal();
  if (down) throw down;
  await quotas.countRequest(subject, (headers) => void reply.headers(headers));
  untilClosed(reply, limits.open(subject.key));
}

/**
 * The one gate over every path: it runs before any route and before the body is read, decides on the raw request target, and what
 * no policy names is 404. Install it before the first route.
 */
export function installGate(app: FastifyInstance, parts: GateParts): void {
  const origins = new Set(parts.corsOrigins);
  const templates: string[] = [];
  // The value is only a placeholder for the shape; each request gets its own below.
  app.decorateRequest("gate");
  app.addHook("onRoute", (route) => {
    requirePolicy(route);
    templates.push(route.url);
  });
  app.addHook("onRequest", async (request, reply) => {
    request.gate = {};
    void reply.header("x-request-id", request.id);
    if (parts.isHttps) void reply.header("strict-transport-security", HSTS);
    // A client that keeps its connection would come back to a process that is gone.
    if (parts.isDraining()) void reply.header("connection", "close");
    logWhenClosed(request, reply, parts.metrics);
    const target = request.raw.url ?? "";
    if (allowOrigin(origins, request, reply) && templates.some((template) => isExactly(template, target)))
      return reply.code(204).send();
    const { url, config } = request.routeOptions;
    if (request.is404 || !config.policy || url === undefined || !isExactly(url, target)) throw notFound();
    await admit(request, reply, config.policy, parts);
    return undefined;
  });
}
