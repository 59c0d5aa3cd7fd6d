/** A guess of what a request will use, before the engine counts. */
export interface TokenEstimate {
  readonly prompt: number;
  /** Answers asked for: `n` times prompts. */
  readonly choices: number;
  /** `max_tokens` of each answer, if the request names it. */
  readonly maxTokens: number | undefined;
}

/** Bytes of UTF-8 per token: about 4 in English, and near enough in scripts of 2 or 3 bytes a letter. @see https://platform.openai.com/tokenizer */
const BYTES_PER_TOKEN = 4;
/** What a chat template adds to each message. */
const TOKENS_PER_MESSAGE = 4;
/** An image's order of magnitude; its bytes say nothing. */
const TOKENS_PER_MEDIUM = 1000;

function tokensOf(value: unknown): number {
  if (typeof value === "string")
    return value.startsWith("data:") ? TOKENS_PER_MEDIUM : Math.ceil(Buffer.byteLength(value) / BYTES_PER_TOKEN);
  // A list of numbers is a prompt of token ids.
  if (typeof value === "number") return 1;
  if (typeof value !== "object" || value === null) return 0;
  let sum = 0;
  for (const inner of Object.values(value)) sum += tokensOf(inner);
  return sum;
}

function count(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** @param body a checked request of any kind */
export function estimateTokens(body: Readonly<Record<string, unknown>>): TokenEstimate {
  const { messages, prompt, input, tools } = body;
  const perMessage = Array.isArray(messages) ? messages.length * TOKENS_PER_MESSAGE : 0;
  const prompts = Array.isArray(prompt) && prompt.some((item) => typeof item !== "number") ? prompt.length : 1;
  return {
    prompt: perMessage + [messages, prompt, input, tools].reduce((sum: number, part) => sum + tokensOf(part), 0),
    choices: Math.max(count(body["n"]) ?? 1, count(body["best_of"]) ?? 1) * prompts,
    maxTokens: count(body["max_completion_tokens"]) ?? count(body["max_tokens"]),
  };
}
