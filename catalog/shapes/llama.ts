/** Llama 3.x and the DeepSeek-R1 distillations, which are Llama and Qwen2.5 models inside. */
import { awq128, fp8Channel, plainDecoder, sizes, stored, w4a16, type ModelShape, type Sizes } from "./modelShape";

const litgpt = "Lightning-AI/litgpt 2685705 litgpt/config.py";

const llama = (id: string, own: Sizes, tied: boolean, publishedParams: number): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  id,
  vocab: 128256,
  maxContext: 131072,
  tied,
  rope: { rows: 131072, dim: own[4] },
  publishedParams,
  source: litgpt,
});

const sizes8b: Sizes = [32, 4096, 32, 8, 128, 14336];
const sizes70b: Sizes = [80, 8192, 64, 8, 128, 28672];

// In brackets: layers, hidden, heads, KV heads, width of a head, feed-forward.
const meta8b = llama("meta-llama/Llama-3.1-8B-Instruct", sizes8b, false, 8_030_261_248);
const meta70b = llama("meta-llama/Llama-3.1-70B-Instruct", sizes70b, false, 70_553_706_496);
const meta33 = llama("meta-llama/Llama-3.3-70B-Instruct", sizes70b, false, 70_553_706_496);
const meta: readonly ModelShape[] = [
  llama("meta-llama/Llama-3.2-1B-Instruct", [16, 2048, 32, 8, 64, 8192], true, 1_235_814_400),
  llama("meta-llama/Llama-3.2-3B-Instruct", [28, 3072, 24, 8, 128, 8192], true, 3_212_749_824),
  meta8b,
  meta70b,
  meta33,
];

const distilled70b = llama("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", sizes70b, false, 70_553_706_496);
const distilledLlama: readonly ModelShape[] = [
  llama("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", sizes8b, false, 8_030_261_248),
  distilled70b,
];

/** The base shapes are Qwen2.5's; 131,072 positions, and the 1.5B has a head of its own. */
const distilledQwen = (id: string, own: Sizes, vocab: number, publishedParams: number): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  id,
  vocab,
  maxContext: 131072,
  qkvBias: true,
  rope: { rows: 131072, dim: own[4] },
  publishedParams,
  source: `${litgpt} (the Qwen2.5 of that size); positions and head of its own: from memory`,
  verified: false,
});

const distilled: readonly ModelShape[] = [
  distilledQwen("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", [28, 1536, 12, 2, 128, 8960], 151936, 1_777_088_000),
  distilledQwen("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", [28, 3584, 28, 4, 128, 18944], 152064, 7_615_616_512),
  distilledQwen("deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", [48, 5120, 40, 8, 128, 13824], 152064, 14_770_033_664),
  distilledQwen("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", [64, 5120, 40, 8, 128, 27648], 152064, 32_763_876_352),
];

const unread = "storage: by its name, its config.json not read";
const others: readonly ModelShape[] = [
  stored(meta8b, "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", awq128, false, unread),
  stored(meta70b, "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", awq128, false, unread),
  stored(meta8b, "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", w4a16, false, unread),
  stored(meta8b, "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", fp8Channel, false, unread),
  stored(meta70b, "RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8-dynamic", fp8Channel, false, unread),
  stored(meta33, "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", fp8Channel, false, unread),
  stored(meta33, "RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", w4a16, false, unread),
  stored(distilled70b, "RedHatAI/DeepSeek-R1-Distill-Llama-70B-FP8-dynamic", fp8Channel, false, unread),
  stored(distilled70b, "RedHatAI/DeepSeek-R1-Distill-Llama-70B-quantized.w4a16", w4a16, false, unread),
];

/** Every row of the Llama family and of the distillations. */
export const llamas: readonly ModelShape[] = [...meta, ...distilledLlama, ...distilled, ...others];
