import { STATUS_CODES } from "node:http";

/** What an OpenAI client reads from an error: `{ error: { message, type, param, code } }`. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

export interface ApiErrorDetails {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  /** The request field at fault. */
  readonly param?: string;
  /** Whole seconds, sent as Retry-After. */
  readonly retryAfterSeconds?: number;
  /** Trying again cannot help. */
  readonly noRetry?: boolean;
  /** Value of WWW-Authenticate (RFC 6750 section 3). */
  readonly challenge?: string;
}

/** A refusal with constant text, safe to send to any client: it never quotes a request, a token or another error. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly details: ApiErrorDetails,
  ) {
    super(message);
    this.name = "ApiError";
  }

  get status(): number {
    return this.details.status;
  }

  body(): OpenAiErrorBody {
    const { type, code, param } = this.details;
    return { error: { message: this.message, type, param: param ?? null, code } };
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.details.retryAfterSeconds !== undefined) headers["retry-after"] = String(this.details.retryAfterSeconds);
    if (this.details.noRetry) headers["x-should-retry"] = "false";
    if (this.details.challenge !== undefined) headers["www-authenticate"] = this.details.challenge;
    return headers;
  }
}

export function badRequest(message: string, code: string, param?: string): ApiError {
  return new ApiError(message, {
    status: 400,
    type: "invalid_request_error",
    code,
    ...(param === undefined ? {} : { param }),
  });
}

/** RFC 6750 section 3.1: a request without any credentials gets a challenge with no error code. */
export function missingToken(): ApiError {
  return new ApiError("No access token: send `Authorization: Bearer <token>`; POST /token gives one.", {
    status: 401,
    type: "authentication_error",
    code: "missing_token",
    challenge: 'Bearer realm="tokenrack"',
  });
}

export function invalidToken(expired = false): ApiError {
  const message = expired ? "The access token has expired." : "The access token is not valid.";
  return new ApiError(message, {
    status: 401,
    type: "authentication_error",
    code: expired ? "token_expired" : "invalid_token",
    challenge: `Bearer realm="tokenrack", error="invalid_token", error_description="${message}"`,
  });
}

export function insufficientScope(scope: string): ApiError {
  return new ApiError(`The access token lacks the scope "${scope}" that this route needs.`, {
    status: 403,
    type: "permission_error",
    code: "insufficient_scope",
    challenge: `Bearer realm="tokenrack", error="insufficient_scope", scope="${scope}"`,
  });
}

export function modelNotAllowed(): ApiError {
  return new ApiError("You may not use this model; GET /v1/models lists those you may.", {
    status: 403,
    type: "permission_error",
    code: "model_not_allowed",
    param: "model",
  });
}

/** One text for every unknown path, method and model: it tells nothing about what exists. */
export function notFound(code: "unknown_url" | "model_not_found" = "unknown_url"): ApiError {
  const message = code === "unknown_url" ? "Unknown request URL." : "No such model.";
  return new ApiError(message, { status: 404, type: "invalid_request_error", code });
}

export function tooManyRequests(message: string, code: string, retryAfterSeconds: number): ApiError {
  return new ApiError(message, { status: 429, type: "rate_limit_error", code, retryAfterSeconds });
}

/** More than a whole minute's quota: waiting does not help, which `x-should-retry` tells the openai clients. */
export function requestTooLarge(tokens: number, limit: number): ApiError {
  const message = `The request may use ${tokens} tokens, more than your ${limit} a minute; lower max_tokens or n.`;
  return new ApiError(message, {
    status: 429,
    type: "rate_limit_error",
    code: "request_over_quota",
    param: "max_tokens",
    noRetry: true,
  });
}

export function quotaUnavailable(): ApiError {
  return unavailable("quota_unavailable", "Quotas cannot be counted right now.", 5);
}

/** 503 with the seconds after which it is worth another try. */
export function unavailable(code: string, message: string, retryAfterSeconds: number): ApiError {
  return new ApiError(message, { status: 503, type: "server_error", code, retryAfterSeconds });
}

export function bodyTooLarge(limitBytes: number): ApiError {
  return new ApiError(`The request body is larger than ${limitBytes} bytes.`, {
    status: 413,
    type: "invalid_request_error",
    code: "body_too_large",
  });
}

export function upstreamFailed(status: 502 | 503 | 504, code: string, message: string): ApiError {
  return new ApiError(message, {
    status,
    type: "server_error",
    code,
    ...(status === 503 ? { retryAfterSeconds: 5 } : {}),
  });
}

/** RFC 6749 section 5.2: the token endpoint's own error shape. */
export class OAuthError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = "OAuthError";
  }
}

const FASTIFY_ERRORS: Record<string, (limitBytes: number) => ApiError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: bodyTooLarge,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => badRequest("The body does not match Content-Length.", "invalid_body"),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => badRequest("The body is empty; send a JSON object.", "invalid_json"),
  FST_ERR_CTP_INVALID_JSON_BODY: () => badRequest("The body is not valid JSON.", "invalid_json"),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new ApiError("Send the body as Content-Type: application/json.", {
      status: 415,
      type: "invalid_request_error",
      code: "unsupported_media_type",
    }),
  FST_ERR_BAD_URL: () => notFound(),
};

/** The `code` of a Node, undici or Fastify error, and nothing else of it: messages can quote the request. */
export function errorCode(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string")
    return error.code;
  return error instanceof Error ? error.name : "unknown";
}

/**
 * Any thrown value as an ApiError. What we did not foresee becomes a constant 400 (the framework blamed the request)
 * or a constant 500, never the error's own text.
 */
export function toApiError(error: unknown, bodyLimitBytes: number): ApiError {
  if (error instanceof ApiError) return error;
  const known = FASTIFY_ERRORS[errorCode(error)];
  if (known) return known(bodyLimitBytes);
  const status =
    typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number"
      ? error.statusCode
      : 500;
  if (status >= 400 && status < 500) {
    const details = { status, type: "invalid_request_error", code: "invalid_request" };
    return new ApiError(STATUS_CODES[status] ?? "Bad Request", details);
  }
  return new ApiError("The gateway failed to answer; the request id is in X-Request-Id.", {
    status: 500,
    type: "server_error",
    code: "internal_error",
  });
}
