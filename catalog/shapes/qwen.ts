/** Qwen2.5 and Qwen3, dense and with experts. */
import { awq128, fp8Block, plainDecoder, sizes, stored, w4a16, type ModelShape, type Sizes } from "./modelShape";

const litgpt = "Lightning-AI/litgpt 2685705 litgpt/config.py";

/** Vocabulary rows and whether the head is the embedding. */
type Ends = readonly [vocab: number, tied: boolean];

const small: Ends = [151936, true];
const untied: Ends = [151936, false];
const large: Ends = [152064, false];

/** 32,768 positions: the larger ones reach 131,072 with YaRN, which is off as they are published. */
const qwen25 = (id: string, own: Sizes, [vocab, tied]: Ends, publishedParams: number): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  id,
  vocab,
  tied,
  publishedParams,
  maxContext: 32768,
  qkvBias: true,
  rope: { rows: 32768, dim: own[4] },
  source: `${litgpt}; 32,768 positions: the models' cards`,
});

const qwen3 = (id: string, own: Sizes, [vocab, tied]: Ends, params: number, maxContext = 40960): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  id,
  vocab,
  tied,
  publishedParams: params,
  maxContext,
  qkNorm: true,
  rope: { rows: maxContext, dim: own[4] },
  source: litgpt,
});

// In brackets: layers, hidden, heads, KV heads, width of a head, feed-forward.
const dense25: readonly ModelShape[] = [
  qwen25("Qwen/Qwen2.5-0.5B-Instruct", [24, 896, 14, 2, 64, 4864], small, 494_032_768),
  qwen25("Qwen/Qwen2.5-1.5B-Instruct", [28, 1536, 12, 2, 128, 8960], small, 1_543_714_304),
  qwen25("Qwen/Qwen2.5-3B-Instruct", [36, 2048, 16, 2, 128, 11008], small, 3_085_938_688),
  qwen25("Qwen/Qwen2.5-7B-Instruct", [28, 3584, 28, 4, 128, 18944], large, 7_615_616_512),
  qwen25("Qwen/Qwen2.5-14B-Instruct", [48, 5120, 40, 8, 128, 13824], large, 14_770_033_664),
  qwen25("Qwen/Qwen2.5-32B-Instruct", [64, 5120, 40, 8, 128, 27648], large, 32_763_876_352),
  qwen25("Qwen/Qwen2.5-72B-Instruct", [80, 8192, 64, 8, 128, 29568], large, 72_706_203_648),
];

const dense3: readonly ModelShape[] = [
  qwen3("Qwen/Qwen3-0.6B", [28, 1024, 16, 8, 128, 3072], small, 596_049_920),
  qwen3("Qwen/Qwen3-1.7B", [28, 2048, 16, 8, 128, 6144], small, 1_720_574_976),
  qwen3("Qwen/Qwen3-4B", [36, 2560, 32, 8, 128, 9728], small, 4_022_468_096),
  qwen3("Qwen/Qwen3-4B-Instruct-2507", [36, 2560, 32, 8, 128, 9728], small, 4_022_468_096, 262144),
  qwen3("Qwen/Qwen3-4B-Thinking-2507", [36, 2560, 32, 8, 128, 9728], small, 4_022_468_096, 262144),
  qwen3("Qwen/Qwen3-8B", [36, 4096, 32, 8, 128, 12288], untied, 8_190_735_360),
  qwen3("Qwen/Qwen3-14B", [40, 5120, 40, 8, 128, 17408], untied, 14_768_307_200),
  qwen3("Qwen/Qwen3-32B", [64, 5120, 64, 8, 128, 25600], untied, 32_762_123_264),
];

const routed = { experts: 128, perToken: 8, sharedIntermediate: 0, denseLayers: 0, biases: false } as const;

const moe30 = (id: string, maxContext?: number): ModelShape => ({
  ...qwen3(id, [48, 2048, 32, 4, 128, 6144], untied, 30_532_122_624, maxContext),
  moe: { ...routed, intermediate: 768, routerCorrection: false },
});

const moe235 = (id: string, maxContext?: number): ModelShape => ({
  ...qwen3(id, [94, 4096, 64, 4, 128, 12288], untied, 235_093_634_560, maxContext),
  moe: { ...routed, intermediate: 1536, routerCorrection: false },
});

const experts: readonly ModelShape[] = [
  moe30("Qwen/Qwen3-30B-A3B"),
  moe30("Qwen/Qwen3-30B-A3B-Instruct-2507", 262144),
  moe30("Qwen/Qwen3-30B-A3B-Thinking-2507", 262144),
  moe235("Qwen/Qwen3-235B-A22B"),
  moe235("Qwen/Qwen3-235B-A22B-Instruct-2507", 262144),
  moe235("Qwen/Qwen3-235B-A22B-Thinking-2507", 262144),
];

const byHabit = "storage: as Qwen names and stores its others, its config.json not read";
const blocks =
  "storage: FP8 in blocks of 128 x 128, as Qwen publishes Qwen3-FP8 (vllm fp8_utils.py, vllm-project/vllm#17327)";

/**
 * In 4 bit the 72B is published with a feed-forward layer padded with zeros from 29,568 to 29,696, so that groups of 128
 * divide between 2, 4 and 8 GPUs. @see https://github.com/QwenLM/Qwen3/issues/578
 */
const padded = (base: ModelShape): ModelShape =>
  base.intermediate === 29568 ? { ...base, intermediate: 29696 } : base;

/** The dense ones that Qwen publishes in AWQ: all of Qwen2.5, and Qwen3 from 4B without the 2507 update. */
const awq: readonly ModelShape[] = [
  ...dense25,
  ...dense3.filter(({ hidden, maxContext }) => hidden >= 2560 && maxContext === 40960),
].map((base) => {
  const read = base.id === "Qwen/Qwen3-32B"; // about 19.3 GB on the hub, which is group 128 with zeros
  return stored(padded(base), `${base.id}-AWQ`, awq128, read, read ? "storage: size on the hub" : byHabit);
});

const gptq = dense25.map((base) => stored(padded(base), `${base.id}-GPTQ-Int4`, w4a16, false, byHabit));

const fp8 = [...dense3, ...experts].map((base) => stored(base, `${base.id}-FP8`, fp8Block, true, blocks));

/** Every Qwen row. */
export const qwen: readonly ModelShape[] = [...dense25, ...dense3, ...experts, ...awq, ...gptq, ...fp8];
