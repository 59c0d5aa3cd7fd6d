/** Gemma 3: five layers with a sliding window to one global, the head is the embedding, a vision tower from 4B up. */
import { plainDecoder, sizes, stored, w4a16, type ModelShape, type Sizes } from "./modelShape";

const litgpt = "Lightning-AI/litgpt 2685705 litgpt/config.py";

/**
 * Parameters of the SigLIP tower: 27 layers of width 1152 with a feed-forward layer of 4304, 896 x 896 pixels in patches
 * of 14, biases everywhere. The projector adds one matrix from 1152 to the model's width and one norm.
 */
const sigLip = 416_866_032;

const gemma = (id: string, own: Sizes, publishedParams: number): ModelShape => ({
  ...plainDecoder,
  ...sizes(own),
  id,
  vocab: 262208,
  maxContext: 131072,
  tied: true,
  qkNorm: true,
  norms: 4,
  // A global table for 8 times the positions (linear scaling) and a local one. @see vllm linear_scaling_rope.py
  rope: { rows: 131072 * 8 + 131072, dim: own[4] },
  sliding: { window: 1024, globalEvery: 6 },
  visionParams: sigLip + 1152 * own[1] + 1152,
  publishedParams,
  source: `${litgpt}; vocabulary with the image tokens and rope tables: measured, rows of test/plan/calibration.json`,
});

const gemma27b = gemma("google/gemma-3-27b-it", [62, 5376, 32, 16, 128, 21504], 27_432_406_640);
const gemma12b = gemma("google/gemma-3-12b-it", [48, 3840, 16, 8, 256, 15360], 12_187_325_040);
const gemma4b = gemma("google/gemma-3-4b-it", [34, 2560, 8, 4, 256, 10240], 4_300_079_472);

/** Text only, 32,768 positions without scaling, a window of 512. */
const gemma1b: ModelShape = {
  ...plainDecoder,
  ...sizes([26, 1152, 4, 1, 256, 6912]),
  id: "google/gemma-3-1b-it",
  vocab: 262144,
  maxContext: 32768,
  tied: true,
  qkNorm: true,
  norms: 4,
  rope: { rows: 2 * 32768, dim: 256 },
  sliding: { window: 512, globalEvery: 6 },
  publishedParams: 999_885_952,
  source: `${litgpt}; 32,768 positions: the model's card`,
};

const unread = "storage: by its name, its config.json not read";

/** Every Gemma row. Vision tower and embedding stay in 16 bit in all of them. */
export const gemmas: readonly ModelShape[] = [
  gemma1b,
  gemma4b,
  gemma12b,
  gemma27b,
  stored(
    gemma27b,
    "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g",
    w4a16,
    true,
    "storage: compressed-tensors W4A16, group 128, symmetric",
  ),
  stored(gemma12b, "ISTA-DASLab/gemma-3-12b-it-GPTQ-4b-128g", w4a16, false, unread),
  stored(gemma4b, "ISTA-DASLab/gemma-3-4b-it-GPTQ-4b-128g", w4a16, false, unread),
  stored(gemma27b, "RedHatAI/gemma-3-27b-it-quantized.w4a16", w4a16, false, unread),
  stored(
    gemma27b,
    "gaunernst/gemma-3-27b-it-int4-awq",
    { format: "int4", group: 32, zeros: true },
    false,
    "storage: group 32 is what agrees with 17.8 GiB loaded on vLLM 0.20; its config.json not read",
  ),
];
