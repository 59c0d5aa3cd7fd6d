/**
 * Parsers that turn a model's text into tool calls and into reasoning, by vLLM's names. The lists were compared by hand with
 * vllm/tool_parsers/__init__.py and vllm/reasoning/__init__.py of vLLM 0.29.0; a new vLLM means comparing them again.
 */

/** Names for `--tool-call-parser`, sorted. */
export const toolParsers: ReadonlySet<string> = new Set([
  "apertus",
  "cohere_command3",
  "cohere_command4",
  "deepseek_v3",
  "deepseek_v31",
  "deepseek_v32",
  "deepseek_v4",
  "dots",
  "ernie45",
  "functiongemma",
  "gemma4",
  "gigachat3",
  "glm45",
  "glm47",
  "granite",
  "granite-20b-fc",
  "granite4",
  "hermes",
  "hunyuan_a13b",
  "hy_v3",
  "hy_v4",
  "inkling",
  "internlm",
  "jamba",
  "kimi_k2",
  "kimi_k3",
  "lfm2",
  "ling3",
  "llama3_json",
  "llama4_json",
  "llama4_pythonic",
  "longcat",
  "mimo",
  "minicpm5",
  "minimax_m2",
  "minimax_m3",
  "mistral",
  "muse_glimmer",
  "olmo3",
  "openai",
  "phi4_mini_json",
  "poolside_v1",
  "pythonic",
  "qwen3_coder",
  "qwen3_xml",
  "seed_oss",
  "step3",
  "step3p5",
  "xlam",
]);

/** Names for `--reasoning-parser`, sorted. */
export const reasoningParsers: ReadonlySet<string> = new Set([
  "cohere_command3",
  "cohere_command4",
  "deepseek_r1",
  "deepseek_v3",
  "deepseek_v4",
  "ernie45",
  "gemma4",
  "glm45",
  "glm47",
  "granite",
  "holo2",
  "hunyuan_a13b",
  "hy_v3",
  "hy_v4",
  "inkling",
  "kimi_k2",
  "kimi_k3",
  "ling3",
  "mimo",
  "minimax_m2",
  "minimax_m2_append_think",
  "minimax_m3",
  "mistral",
  "muse_glimmer",
  "nemotron_v3",
  "olmo3",
  "openai_gptoss",
  "poolside_v1",
  "qwen3",
  "seed_oss",
  "step3",
  "step3p5",
]);

/** The parsers of one model; absent where it needs none, or where there is none. */
export interface Parsers {
  readonly tool?: string;
  readonly reasoning?: string;
}

/** A family's ids and its parsers. The first that matches counts, so that the special ones stand before the general. */
type Family = readonly [ids: RegExp, parsers: Parsers];

/**
 * By id, not by shape: a distillation has another family's shape, and "Instruct-2507" and "Thinking-2507" have the same.
 * @see https://docs.vllm.ai/en/latest/features/tool_calling/ and .../reasoning_outputs/; the models' cards
 */
const families: readonly Family[] = [
  // Not tuned to chat: neither calls nor reasoning to parse.
  [/-base(?:-|$)/, {}],
  // Distillations answer with reasoning, and their chat templates know no tools.
  [/deepseek-r1-distill/, { reasoning: "deepseek_r1" }],
  [/deepseek-r1-0528/, { tool: "deepseek_v3", reasoning: "deepseek_r1" }],
  [/deepseek-r1/, { reasoning: "deepseek_r1" }],
  [/deepseek-v3\.1/, { tool: "deepseek_v31", reasoning: "deepseek_v3" }],
  [/deepseek-v3\.2/, { tool: "deepseek_v32", reasoning: "deepseek_v3" }],
  [/deepseek-v3/, { tool: "deepseek_v3" }],
  [/qwen3-coder/, { tool: "qwen3_coder" }],
  // The 2507 update has a model that never reasons and one that always does.
  [/qwen3-(?:.*-instruct-2507|next-.*-instruct)/, { tool: "hermes" }],
  [/qwen3\.[5-8]-/, { tool: "qwen3_coder", reasoning: "qwen3" }],
  [/qwen3-/, { tool: "hermes", reasoning: "qwen3" }],
  [/qwq-/, { tool: "hermes", reasoning: "deepseek_r1" }],
  [/qwen2\.5-.*instruct/, { tool: "hermes" }],
  [/llama-3\.[123]-.*instruct/, { tool: "llama3_json" }],
  // The first of these knew no tools: their chat templates have no place for them.
  [/mistral-7b-instruct-v0\.[12]|mixtral-8x7b/, {}],
  [/magistral/, { tool: "mistral", reasoning: "mistral" }],
  [/mistral-(7b-instruct-v0\.3|nemo-instruct|small|large)|mixtral-8x22b-instruct|ministral/, { tool: "mistral" }],
  [/gpt-oss/, { tool: "openai", reasoning: "openai_gptoss" }],
  [/glm-4\.[56]/, { tool: "glm45", reasoning: "glm45" }],
  [/glm-4\.7/, { tool: "glm47", reasoning: "glm47" }],
  [/phi-4-mini-instruct/, { tool: "phi4_mini_json" }],
  // Gemma 3 has no parser of its own: `pythonic` works only with a chat template that is not the model's.
];

/** The parsers for the model of that Hugging Face id, in any case; empty when it has none or nobody knows it. */
export function parsersFor(id: string): Parsers {
  const name = id.toLowerCase();
  return families.find(([ids]) => ids.test(name))?.[1] ?? {};
}
