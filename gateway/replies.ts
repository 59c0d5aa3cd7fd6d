import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ApiError, errorCode, OAuthError, toApiError } from "./errors";
import { ClientGone } from "./upstream";

/** Shows an error at POST /token in RFC 6749's shape, whichever part of the server found it. */
function asOAuthError(error: ApiError): OAuthError {
  return new OAuthError(error.status === 415 ? 400 : error.status, "invalid_request", error.message);
}

function sendOAuth(reply: FastifyReply, error: OAuthError): void {
  if (error.retryAfterSeconds !== undefined) void reply.header("retry-after", String(error.retryAfterSeconds));
  void reply.header("cache-control", "no-store").header("pragma", "no-cache");
  void reply.code(error.status).send({ error: error.error, error_description: error.message });
}

/** Makes Fastify's error handler: OpenAI's shape everywhere, OAuth's at /token, constant text for whatever was not foreseen. */
export function errorReplier(bodyLimitBytes: number) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    if (error instanceof ClientGone) {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    const isToken = request.routeOptions.url === "/token";
    if (error instanceof OAuthError) {
      request.gate.refusal = error.error;
      sendOAuth(reply, error);
      return;
    }
    const refusal = toApiError(error, bodyLimitBytes);
    if (refusal.details.code === "internal_error") request.log.error({ code: errorCode(error) }, "unforeseen error");
    if (isToken) {
      const shown = asOAuthError(refusal);
      request.gate.refusal = shown.error;
      sendOAuth(reply, shown);
      return;
    }
    // The framework can fail before the gate's hook ran (a URL that does not decode).
    request.gate ??= {};
    request.gate.refusal = refusal.details.code;
    void reply.headers(refusal.headers()).code(refusal.status).send(refusal.body());
  };
}

const PARSER_STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers bytes that are not HTTP, headers too large and requests too slow; then the connection ends. */
export function answerBrokenRequest(error: { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUS[error.code ?? ""] ?? 400;
  const reason = STATUS_CODES[status] ?? "Bad Request";
  const refusal = new ApiError(`${reason}.`, { status, type: "invalid_request_error", code: "invalid_request" });
  const body = JSON.stringify(refusal.body());
  const head = `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
}
