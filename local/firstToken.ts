/** The proof that a stack works: one token, generated for a real user through the gateway. */
import { setTimeout as sleep } from "node:timers/promises";
import { request as http } from "undici";
import * as z from "zod";
import { elapsedSeconds, localError, progress } from "./report";

/** Whom to ask as, and for what. */
export interface FirstTokenRequest {
  /** The gateway, without a trailing slash. */
  readonly endpoint: string;
  readonly model: string;
  readonly user: string;
  /** How long to try, in seconds. */
  readonly deadlineSeconds: number;
}

const tokenAnswer = z.object({ access_token: z.string() });
const completion = z.object({ usage: z.object({ completion_tokens: z.number().min(1) }) });

/** The gateway refused; `status` tells a client's fault from a broken engine. */
export class RefusedError extends Error {
  constructor(
    path: string,
    readonly status: number,
    body: string,
  ) {
    super(`${path} answered ${status}: ${body.slice(0, 300)}`);
  }
}

/**
 * Asks for an access token as a client would.
 * @throws RefusedError with the gateway's own words (which name no secret)
 */
export async function fetchAccessToken(endpoint: string, user: string, password: string): Promise<string> {
  const answer = await http(`${endpoint}/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: "password", username: user, password }).toString(),
    headersTimeout: 10_000,
  });
  const body = await answer.body.text();
  if (answer.statusCode !== 200) throw new RefusedError("/token", answer.statusCode, body);
  return tokenAnswer.parse(JSON.parse(body)).access_token;
}

/**
 * Generates one token through the gateway.
 * @throws RefusedError when the gateway refuses, Error when the answer is not a completion or does not come in time
 */
export async function generateOneToken(
  endpoint: string,
  accessToken: string,
  model: string,
  seconds: number,
): Promise<void> {
  const answer = await http(`${endpoint}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 1 }),
    headersTimeout: seconds * 1000,
    bodyTimeout: seconds * 1000,
  });
  const body = await answer.body.text();
  if (answer.statusCode !== 200) throw new RefusedError("the gateway", answer.statusCode, body);
  completion.parse(JSON.parse(body));
}

/**
 * Tries until a token comes, or the deadline is over.
 * @throws LocalError with the last reason
 */
export async function firstToken(request: FirstTokenRequest, password: string): Promise<void> {
  let reason = "";
  progress("asking for the first token through the gateway");
  do {
    const left = Math.max(1, request.deadlineSeconds - elapsedSeconds());
    try {
      const token = await fetchAccessToken(request.endpoint, request.user, password);
      await generateOneToken(request.endpoint, token, request.model, left);
      return;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      await sleep(500);
    }
  } while (elapsedSeconds() < request.deadlineSeconds);
  throw localError({
    checked: `a token from ${request.model} through ${request.endpoint}`,
    found: reason,
    needed: `one token within ${request.deadlineSeconds} s`,
    fix: "run `npm start` again: it looks which part is broken and replaces it",
  });
}
