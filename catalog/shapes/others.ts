/** Mistral, Mixtral, Phi-4, DeepSeek V3, gpt-oss and GLM-4.5-Air. */
import { fp8Block, fp8Channel, plainDecoder, sizes, stored, w4a16, type ModelShape, type Sizes } from "./modelShape";

const litgpt = "Lightning-AI/litgpt 2685705 litgpt/config.py";

interface Mistral {
  readonly vocab: number;
  readonly maxContext: number;
  readonly publishedParams: number;
  /** Rows of the rope table when they are not the context. */
  readonly ropeRows?: number;
}

const mistral = (id: string, own: Sizes, { ropeRows, ...rest }: Mistral): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  ...rest,
  id,
  rope: { rows: ropeRows ?? rest.maxContext, dim: own[4] },
  source: litgpt,
});

const twoOfEight = {
  experts: 8,
  perToken: 2,
  sharedIntermediate: 0,
  denseLayers: 0,
  biases: false,
  routerCorrection: false,
} as const;

const sizes7b: Sizes = [32, 4096, 32, 8, 128, 14336];
const sizes22b: Sizes = [56, 6144, 48, 8, 128, 16384];

// In brackets: layers, hidden, heads, KV heads, width of a head, feed-forward.
const mistralSmall: ModelShape = {
  ...mistral("mistralai/Mistral-Small-24B-Instruct-2501", [40, 5120, 32, 8, 128, 32768], {
    vocab: 131072,
    maxContext: 32768,
    publishedParams: 23_572_403_200,
  }),
  source: "from memory",
  verified: false,
};

const mistrals: readonly ModelShape[] = [
  mistral("mistralai/Mistral-7B-Instruct-v0.2", sizes7b, {
    vocab: 32000,
    maxContext: 32768,
    publishedParams: 7_241_732_096,
  }),
  mistral("mistralai/Mistral-7B-Instruct-v0.3", sizes7b, {
    vocab: 32768,
    maxContext: 32768,
    publishedParams: 7_248_023_552,
  }),
  {
    ...mistral("mistralai/Mistral-Nemo-Instruct-2407", [40, 5120, 32, 8, 128, 14336], {
      vocab: 131072,
      maxContext: 131072,
      ropeRows: 1_024_000,
      publishedParams: 12_247_782_400,
    }),
    source: "from memory; its config.json says 1,024,000 positions, its card vouches for 128k",
    verified: false,
  },
  mistralSmall,
  {
    ...mistral("mistralai/Mixtral-8x7B-Instruct-v0.1", sizes7b, {
      vocab: 32000,
      maxContext: 32768,
      publishedParams: 46_702_792_704,
    }),
    moe: { ...twoOfEight, intermediate: 14336 },
  },
  {
    ...mistral("mistralai/Mixtral-8x22B-Instruct-v0.1", sizes22b, {
      vocab: 32768,
      maxContext: 65536,
      publishedParams: 140_630_071_296,
    }),
    moe: { ...twoOfEight, intermediate: 16384 },
  },
];

const phi4: ModelShape = {
  ...plainDecoder,
  ...sizes([40, 5120, 40, 10, 128, 17920]),
  id: "microsoft/phi-4",
  vocab: 100352,
  maxContext: 16384,
  rope: { rows: 16384, dim: 128 },
  publishedParams: 14_659_507_200,
  source: litgpt,
};

const phi4mini: ModelShape = {
  ...plainDecoder,
  ...sizes([32, 3072, 24, 8, 128, 8192]),
  id: "microsoft/Phi-4-mini-instruct",
  vocab: 200064,
  maxContext: 131072,
  tied: true,
  rope: { rows: 135168, dim: 96 },
  publishedParams: 3_836_021_760,
  source: litgpt,
};

/** Multi-token-prediction layers are left out: vLLM does not load them unless asked to. */
const deepseekV3: ModelShape = {
  ...plainDecoder,
  ...sizes([61, 7168, 128, 128, 192, 18432]),
  id: "deepseek-ai/DeepSeek-V3",
  vocab: 129280,
  maxContext: 163840,
  rope: { rows: 163840, dim: 64 },
  mla: { qLoraRank: 1536, kvLoraRank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128 },
  moe: {
    experts: 256,
    perToken: 8,
    intermediate: 2048,
    sharedIntermediate: 2048,
    denseLayers: 3,
    biases: false,
    routerCorrection: true,
  },
  quantization: fp8Block,
  publishedParams: 671_026_419_200,
  source: "copies of its config.json in public test suites (several agree)",
};

const gptOss = (id: string, layers: number, experts: number, publishedParams: number): ModelShape => ({
  ...plainDecoder,
  ...sizes([layers, 2880, 64, 8, 64, 2880]),
  id,
  vocab: 201088,
  maxContext: 131072,
  qkvBias: true,
  outBias: true,
  sinks: true,
  rope: { rows: 131072, dim: 64 },
  sliding: { window: 128, globalEvery: 2 },
  moe: {
    experts,
    perToken: 4,
    intermediate: 2880,
    sharedIntermediate: 0,
    denseLayers: 0,
    biases: true,
    routerCorrection: false,
  },
  quantization: { format: "mxfp4" },
  publishedParams,
  source: "openai/gpt-oss 7b58334 gpt_oss/torch/model.py; 20b: copies of its config.json",
});

const glmAir: ModelShape = {
  ...plainDecoder,
  ...sizes([46, 4096, 96, 8, 128, 10944]),
  id: "zai-org/GLM-4.5-Air",
  vocab: 151552,
  maxContext: 131072,
  qkvBias: true,
  rope: { rows: 131072, dim: 64 },
  moe: {
    experts: 128,
    perToken: 8,
    intermediate: 1408,
    sharedIntermediate: 1408,
    denseLayers: 1,
    biases: false,
    routerCorrection: true,
  },
  publishedParams: 106_852_245_504,
  source: "slime scripts/models/glm4.5-106B-A12B.sh; parameters: MegaTrain's GLM-4.5-Air benchmark",
};

const unread = "storage: compressed-tensors FP8 by its card, its config.json not read";

/** As RedHatAI stores its others. */
const redHat = (base: ModelShape): readonly ModelShape[] => {
  const id = `RedHatAI/${base.id.slice(base.id.indexOf("/") + 1)}`;
  return [
    stored(base, `${id}-FP8-dynamic`, fp8Channel, false, unread),
    stored(
      base,
      `${id}-quantized.w4a16`,
      w4a16,
      false,
      "storage: compressed-tensors W4A16 by its name, config.json not read",
    ),
  ];
};

/** Every row of these families. */
export const others: readonly ModelShape[] = [
  ...mistrals,
  ...redHat(mistralSmall),
  phi4,
  ...redHat(phi4),
  phi4mini,
  deepseekV3,
  { ...deepseekV3, id: "deepseek-ai/DeepSeek-R1" },
  gptOss("openai/gpt-oss-20b", 24, 32, 20_914_757_184),
  gptOss("openai/gpt-oss-120b", 36, 128, 116_829_156_672),
  glmAir,
  stored(glmAir, "zai-org/GLM-4.5-Air-FP8", fp8Channel, false, unread),
];
