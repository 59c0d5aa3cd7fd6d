import * as z from "zod";
import type { GatewayConfig } from "./config";
import { badRequest } from "./errors";
import { estimateTokens, type TokenEstimate } from "./estimate";

export type RequestKind = "chat" | "completions" | "embeddings";

/** A body that passed; `json` is what goes upstream. */
export interface CheckedRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly json: string;
  /** The engine is asked to count a stream's tokens, which the client did not ask for. */
  readonly hideUsage: boolean;
  readonly estimate: TokenEstimate;
}

type Limits = Pick<GatewayConfig["limits"], "n" | "maxTokens">;

/**
 * Fields that reach into the engine: templates run as code in it (CVE-2026-115911), tensors are unpickled by it
 * (CVE-2025-62164), processor arguments and KV transfer steer it, and a chosen request id can collide with another user's.
 * @see https://docs.vllm.ai/en/latest/usage/security.html
 */
const REFUSED_FIELDS = [
  "chat_template",
  "chat_template_kwargs",
  "mm_processor_kwargs",
  "media_io_kwargs",
  "prompt_embeds",
  "logits_processors",
  "kv_transfer_params",
  "request_id",
] as const;

/** Content parts that carry serialized tensors instead of media. */
const REFUSED_PARTS: readonly unknown[] = ["image_embeds", "audio_embeds", "video_embeds", "prompt_embeds"];

/** OpenAI's own bound on `top_logprobs`; -1 would ask vLLM for the whole vocabulary. */
const MOST_LOGPROBS = 20;
/** Far above any tool schema; Python's JSON reader gives up at about 1,000. */
const DEEPEST = 64;

function whole(min: number, max: number): z.ZodType {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error }).nullish();
}

const flag = z.boolean({ error: "must be true or false" }).nullish();
const MODEL = "must be a model id, a text of 1 to 256 characters";

function bodySchema(kind: RequestKind, limits: Limits): z.ZodType {
  const model = z.string({ error: MODEL }).min(1, { error: MODEL }).max(256, { error: MODEL });
  if (kind === "embeddings") return z.looseObject({ model });
  const logprobs = kind === "chat" ? flag : whole(0, MOST_LOGPROBS);
  return z.looseObject({
    model,
    stream: flag,
    stream_options: z.looseObject({ include_usage: flag }, { error: "must be an object" }).nullish(),
    n: whole(1, limits.n),
    best_of: whole(1, limits.n),
    max_tokens: whole(1, limits.maxTokens),
    max_completion_tokens: whole(1, limits.maxTokens),
    min_tokens: whole(0, limits.maxTokens),
    logprobs,
    top_logprobs: whole(0, MOST_LOGPROBS),
    prompt_logprobs: whole(0, MOST_LOGPROBS),
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const child of Object.values(value)) if (isDeeper(child, levels - 1)) return true;
  return false;
}

/** `{ type: "image_url", image_url: { url } }` and its kin: any `*_url` may only be data, or the engine fetches for the client. */
function checkPart(part: unknown, param: string): void {
  if (!isObject(part)) return;
  if (REFUSED_PARTS.includes(part["type"]))
    throw badRequest(`"${param}.type" may not carry embeddings.`, "field_not_allowed", `${param}.type`);
  for (const [key, value] of Object.entries(part)) {
    if (!key.endsWith("_url") || value === null) continue;
    const url: unknown = isObject(value) ? value["url"] : value;
    if (typeof url === "string" && url.startsWith("data:")) continue;
    throw badRequest(
      `"${param}.${key}" must be a data: URL; the server fetches nothing.`,
      "field_not_allowed",
      `${param}.${key}`,
    );
  }
}

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  for (const [i, message] of messages.entries()) {
    const content = isObject(message) ? message["content"] : undefined;
    if (!Array.isArray(content)) continue;
    for (const [j, part] of content.entries()) checkPart(part, `messages.${i}.content.${j}`);
  }
}

/** A completion request with k prompts makes k times n choices. */
function checkPrompts(body: Record<string, unknown>, most: number): void {
  const { prompt, n } = body;
  const isList = Array.isArray(prompt) && prompt.some((item) => typeof item !== "number");
  if (isList && prompt.length * (typeof n === "number" ? n : 1) > most)
    throw badRequest(`"prompt" times "n" may ask for ${most} choices at most.`, "value_out_of_range", "prompt");
}

/** Makes the check for one route; schemas are built once. */
export function requestChecker(kind: RequestKind, limits: Limits): (body: unknown) => CheckedRequest {
  const schema = bodySchema(kind, limits);
  return (body) => {
    if (!isObject(body)) throw badRequest("The body must be a JSON object.", "invalid_body");
    for (const field of REFUSED_FIELDS)
      if (Object.hasOwn(body, field)) throw badRequest(`"${field}" is not allowed here.`, "field_not_allowed", field);
    if (isDeeper(body, DEEPEST)) throw badRequest(`The body nests deeper than ${DEEPEST} levels.`, "invalid_body");
    const issue = schema.safeParse(body).error?.issues[0];
    if (issue) {
      const param = issue.path.map(String).join(".");
      throw badRequest(`"${param}" ${issue.message}.`, "value_out_of_range", param);
    }
    checkMessages(body["messages"]);
    checkPrompts(body, limits.n);
    const stream = kind !== "embeddings" && body["stream"] === true;
    const streamOptions = isObject(body["stream_options"]) ? body["stream_options"] : {};
    const sent = stream ? { ...body, stream_options: { ...streamOptions, include_usage: true } } : body;
    return {
      model: String(body["model"]),
      stream,
      // Written anew rather than passed on: a key given twice or a NaN could mean one thing here and another to the engine.
      json: JSON.stringify(sent),
      hideUsage: stream && streamOptions["include_usage"] !== true,
      estimate: kind === "embeddings" ? { ...estimateTokens(body), maxTokens: 0 } : estimateTokens(body),
    };
  };
}
