import assert from "node:assert/strict";
import { activationPeaks, nonTorchBytes, peaksOf } from "../../../plan/memory/overhead";
import { allocated } from "../../../plan/memory/weights";
import { defaults, MIB, shapeOf, spread } from "./cases";

const llama = shapeOf("meta-llama/Llama-3.1-8B-Instruct");
const few = { ...defaults, maxNumSeqs: 64 };

describe("plan/memory/overhead", () => {
  const cublas = 32 * MIB;
  const flush = 60 * MIB;
  const token = 2 * 2048;

  it("takes the feed-forward layer with a full batch, and the attention's output with it", () => {
    assert.deepEqual(activationPeaks(llama, spread(1), few), [cublas + token * (3 * 14336 + 3 * 4096)]);
    assert.deepEqual(activationPeaks(llama, spread(2), few), [
      cublas + token * ((3 * 14336) / 2 + 2 * 4096 + 4096 / 2),
    ]);
  });

  it("has no workspace for cuBLAS where all layers are quantized", () => {
    const shape = shapeOf("Qwen/Qwen3-32B-AWQ");
    assert.deepEqual(activationPeaks(shape, spread(1), few), [token * (3 * 25600 + 2 * 5120 + 64 * 128)]);
  });

  it("takes the sampler when there are many slots, on the last rank only", () => {
    const many = { ...defaults, maxNumSeqs: 2048 };
    const [first, last] = activationPeaks(llama, spread(1, 2), many);
    assert.equal(last, cublas + 2 * 2048 * 128256 + token * 4096);
    assert.equal(first, cublas + token * (3 * 14336 + 3 * 4096));
  });

  it("takes one more embedding matrix on a cold start, on the first rank only, and never in eager mode", () => {
    const cold = { ...few, compileCache: "cold" } as const;
    const embedding = 2 * 128256 * 4096 + 2 * token * 4096;
    assert.deepEqual(activationPeaks(llama, spread(1), cold), [embedding]);
    const [first, last = 0] = activationPeaks(llama, spread(1, 2), cold);
    assert.equal(first, embedding);
    assert.equal(last, cublas + token * (3 * 14336 + 3 * 4096) + flush);
    assert.deepEqual(
      activationPeaks(llama, spread(1), { ...cold, enforceEager: true }),
      activationPeaks(llama, spread(1), few),
    );
  });

  it("times kernels of a split embedding with the cache cleared on a cold start", () => {
    const cold = { ...few, compileCache: "cold" } as const;
    assert.deepEqual(activationPeaks(llama, spread(2), cold), [allocated(128256 * 4096) + token * 4096 + flush]);
  });

  it("copies a token for each expert it goes to, and keeps the buffers while it samples", () => {
    const shape = shapeOf("Qwen/Qwen3-30B-A3B");
    const experts = token * 8 * (2048 + 2048);
    const attention = token * (3 * 32 * 128 + 3 * 4 * 128 + 3 * 2048);
    assert.deepEqual(activationPeaks(shape, spread(1), { ...few, maxNumSeqs: 8 }), [cublas + experts + attention]);
    assert.deepEqual(activationPeaks(shape, spread(1), defaults), [
      cublas + experts + 18 * 256 * 151936 + token * 2048,
    ]);
  });

  it("has no buffers for MXFP4 experts on Hopper", () => {
    const shape = shapeOf("openai/gpt-oss-20b");
    const [older = 0] = activationPeaks(shape, spread(1), few);
    const [hopper = 0] = activationPeaks(shape, spread(1), { ...few, computeCapability: 90 });
    assert.equal(older - hopper, token * 4 * 3 * 2880);
  });

  it("runs a vision encoder on the first rank, split over TP", () => {
    const shape = shapeOf("ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g");
    const [first, last = 0] = activationPeaks(shape, spread(1, 2), few);
    assert.equal(first, 2 * 8 * (4096 * (2 * 4304 + 3 * 1152) + 256 * 5376));
    assert.ok(last < first);
    assert.ok((activationPeaks(shape, spread(2), few)[0] ?? 0) < first);
  });

  it("runs one image of the largest size through Qwen's tower, near what a published log says", () => {
    const shape = shapeOf("Qwen/Qwen3.8-27B-FP8");
    const settings = { ...few, maxNumSeqs: 2, maxNumBatchedTokens: 8192 };
    const [peak = 0] = activationPeaks(shape, spread(2), settings);
    assert.equal(peak, 2 * (65_536 * (4304 + 4 * 1152 + 1536) + 16_384 * 5120));
    assert.ok(Math.abs(peak / (1.59 * 2 ** 30) - 1) < 0.12, String(peak));
    const [more = 0] = activationPeaks(shape, spread(2), { ...settings, maxNumBatchedTokens: 32_768 });
    assert.equal(more, 2 * peak);
  });

  it("makes room for the unpacked keys and values of MLA, split over TP", () => {
    const shape = shapeOf("deepseek-ai/DeepSeek-V3");
    const [one = 0] = activationPeaks(shape, spread(1), few);
    const [eight = 0] = activationPeaks(shape, spread(8), few);
    assert.ok(one >= 2 * 65536 * 128 * 256);
    assert.ok(eight < one / 4);
  });

  it("asked for other slots and states of the compile cache, says the same as asked for all at once", () => {
    for (const id of ["google/gemma-3-27b-it", "Qwen/Qwen3-30B-A3B", "deepseek-ai/DeepSeek-V3", "Qwen/Qwen3.5-9B"]) {
      for (const layout of [spread(1), spread(4), spread(2, 3)]) {
        const peaks = peaksOf(shapeOf(id), layout, few);
        for (const maxNumSeqs of [4, 256, 1024]) {
          for (const compileCache of ["warm", "cold"] as const) {
            const own = { ...few, maxNumSeqs, compileCache };
            assert.deepEqual(peaks(own), activationPeaks(shapeOf(id), layout, own), `${id} ${maxNumSeqs}`);
          }
        }
      }
    }
  });

  it("takes less outside PyTorch with several ranks", () => {
    assert.equal(nonTorchBytes(spread(1)), 230 * MIB);
    assert.equal(nonTorchBytes(spread(1), shapeOf("Qwen/Qwen3-30B-A3B")), 246 * MIB);
    assert.equal(nonTorchBytes(spread(2)), 68 * MIB);
    assert.equal(nonTorchBytes(spread(1, 2)), 68 * MIB);
  });
});
