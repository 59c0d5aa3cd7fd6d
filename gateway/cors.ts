import type { FastifyReply, FastifyRequest } from "fastify";

const METHODS = "GET, POST";
/** The openai browser client sends a dozen x-stainless-* headers; names are echoed only when they look like this. */
const HEADER_NAMES = /^[a-z0-9-]+(, ?[a-z0-9-]+){0,40}$/i;
/** What a page's script may read of an answer. */
const EXPOSED = [
  "x-request-id",
  "retry-after",
  ...["requests", "tokens"].flatMap((kind) =>
    ["limit", "remaining", "reset"].map((what) => `x-ratelimit-${what}-${kind}`),
  ),
].join(", ");
/** Seconds a browser may remember a preflight. @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age */
const MAX_AGE = "600";

/**
 * Adds CORS headers for a listed origin and nothing for any other. Never Allow-Credentials: tokens travel in Authorization, not
 * in cookies. @returns true when the request is a preflight of a listed origin, which the headers answer in full
 */
export function allowOrigin(origins: ReadonlySet<string>, request: FastifyRequest, reply: FastifyReply): boolean {
  if (origins.size === 0) return false;
  void reply.header("vary", "Origin");
  const { origin } = request.headers;
  if (origin === undefined || !origins.has(origin)) return false;
  void reply.header("access-control-allow-origin", origin);
  void reply.header("access-control-expose-headers", EXPOSED);
  const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  if (!isPreflight) return false;
  const asked = request.headers["access-control-request-headers"];
  if (asked !== undefined && HEADER_NAMES.test(asked)) void reply.header("access-control-allow-headers", asked);
  void reply.header("access-control-allow-methods", METHODS).header("access-control-max-age", MAX_AGE);
  return true;
}
