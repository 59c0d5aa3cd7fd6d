import { ApiError, badRequest, notFound, tooManyRequests, upstreamFailed } from "./errors";

/** Longest message of the engine that is passed on. */
const LONGEST_MESSAGE = 2000;

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** The message of an engine's 4xx: `{error:{message}}` (vLLM now, Ray Serve) or `{message}` (vLLM before 0.10). */
function messageOf(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const message = field(field(body, "error"), "message") ?? field(body, "message");
    return typeof message === "string" ? message.slice(0, LONGEST_MESSAGE) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An engine's refusal in our words. Its 4xx about the request keep their message; a 5xx, a redirect, or a 401/403 (which would
 * be our fault, not the client's) become constant text: engines have leaked addresses and traces there (CVE-2026-22778).
 * @param text the body, as far as it was read
 */
export function refusalOf(status: number, text: string): ApiError {
  if (status === 404) return notFound("model_not_found");
  if (status === 429) return tooManyRequests("The engine's queue is full.", "engine_busy", 1);
  if (status === 400 || status === 413 || status === 422) {
    const message = messageOf(text) ?? "The engine refused the request.";
    return badRequest(message, "refused_by_engine");
  }
  if (status === 503) return upstreamFailed(503, "upstream_unavailable", "The engine is not ready.");
  if (status === 504) return upstreamFailed(504, "upstream_timeout", "The engine did not answer in time.");
  return upstreamFailed(502, "upstream_error", "The engine failed to answer.");
}
