/** Qwen models with linear attention: Qwen3-Next and those that came after it. */
import { fp8Block, plainDecoder, sizes, stored, type LinearShape, type ModelShape, type Sizes } from "./modelShape";

/** Three of four layers have linear attention. */
const gatedDelta: LinearShape = {
  fullEvery: 4,
  keyHeads: 16,
  valueHeads: 32,
  keyDim: 128,
  valueDim: 128,
  convKernel: 4,
  stateBytes: 2,
};

const sharedExpert = {
  intermediate: 512,
  sharedIntermediate: 512,
  sharedGate: true,
  denseLayers: 0,
  biases: false,
  routerCorrection: false,
} as const;

const hybrid = { ...plainDecoder, maxContext: 262144, qkNorm: true } as const;

const next = (id: string): ModelShape => ({
  ...hybrid,
  ...sizes([48, 2048, 16, 2, 256, 5120]),
  id,
  vocab: 151936,
  rope: { rows: 262144, dim: 64 },
  linear: gatedDelta,
  moe: { ...sharedExpert, experts: 512, perToken: 10 },
  publishedParams: 79_674_391_296,
  source:
    "vllm 0.29.0 transformers_utils/configs/qwen3_next.py, whose defaults are this model; feed-forward and context: " +
    "copies of its config.json in public issues; parameters: safetensors total of Qwen3-Coder-Next, which is as large",
});

/** The family that sees pictures: the state in 32 bit, rope tables four times the positions, one tower for all sizes. */
const seeing = (id: string, own: Sizes, linear: Partial<LinearShape>, visionParams: number): ModelShape => ({
  ...hybrid,
  ...sizes(own),
  id,
  vocab: 248320,
  rope: { rows: 4 * 262144, dim: 64 },
  linear: { ...gatedDelta, stateBytes: 4, ...linear },
  visionParams,
  source:
    "copies of its config.json in public test suites (several agree); tower and parameters: as transformers 5 builds them",
});

// In brackets: layers, hidden, heads, KV heads, width of a head, feed-forward (none where there are experts).
const seeing9b = (id: string): ModelShape => ({
  ...seeing(id, [32, 4096, 16, 4, 256, 12288], {}, 456_010_480),
  publishedParams: 9_409_813_744,
});
const seeing27b = (id: string): ModelShape => ({
  ...seeing(id, [64, 5120, 24, 4, 256, 17408], { valueHeads: 48 }, 460_730_096),
  publishedParams: 27_356_728_560,
});
const seeing35b = (id: string): ModelShape => ({
  ...seeing(id, [40, 2048, 16, 2, 256, 512], {}, 446_571_248),
  moe: { ...sharedExpert, experts: 256, perToken: 8 },
  publishedParams: 35_107_181_936,
});

const plain: readonly ModelShape[] = [
  next("Qwen/Qwen3-Next-80B-A3B-Instruct"),
  next("Qwen/Qwen3-Next-80B-A3B-Thinking"),
  next("Qwen/Qwen3-Coder-Next"),
  seeing9b("Qwen/Qwen3.5-9B"),
  seeing27b("Qwen/Qwen3.5-27B"),
  seeing35b("Qwen/Qwen3.5-35B-A3B"),
  seeing27b("Qwen/Qwen3.6-27B"),
  seeing35b("Qwen/Qwen3.6-35B-A3B"),
  seeing27b("Qwen/Qwen3.8-27B"),
];

const blocks =
  "storage: FP8 in blocks of 128 x 128, as Qwen publishes its others; the projections of in_proj_ba in 16 bit";

/** Qwen publishes no AWQ of these; others' keep different layers in 16 bit, which only their config.json says. */
const fp8 = plain
  .filter(({ hidden }) => hidden !== 4096)
  .map((base) => stored(base, `${base.id}-FP8`, fp8Block, true, blocks));

/** Every row of these families. */
export const qwenHybrids: readonly ModelShape[] = [...plain, ...fp8];
