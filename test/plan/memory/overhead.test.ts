import assert from "node:assert/strict";
import { activationPeaks, graphBytes, graphSizes, nonTorchBytes } from "../../../plan/memory/overhead";
import { defaults, MIB, shapeOf, spread } from "./cases";

const llama = shapeOf("meta-llama/Llama-3.1-8B-Instruct");
const few = { ...defaults, maxNumSeqs: 64 };

describe("plan/memory/overhead", () => {
  it("takes the widest layer with a full batch", () => {
    assert.deepEqual(activationPeaks(llama, spread(1), few), [2 * 2048 * (3 * 14336 + 5 * 4096)]);
    assert.deepEqual(activationPeaks(llama, spread(2), few), [2 * 2048 * ((3 * 14336) / 2 + 5 * 4096)]);
  });

  it("takes the sampler when there are many slots, on the last rank only", () => {
    const many = { ...defaults, maxNumSeqs: 1024 };
    const [first, last] = activationPeaks(llama, spread(1, 2), many);
    assert.equal(last, 16 * 1024 * 128256);
    assert.equal(first, 2 * 2048 * (3 * 14336 + 5 * 4096));
  });

  it("takes one more embedding matrix on a cold start, on the first rank only, and never in eager mode", () => {
    const cold = { ...few, compileCache: "cold" } as const;
    const embedding = 2 * 128256 * 4096 + 2 * 2 * 2048 * 4096;
    assert.deepEqual(activationPeaks(llama, spread(1), cold), [embedding]);
    const [first, last = 0] = activationPeaks(llama, spread(1, 2), cold);
    assert.equal(first, embedding);
    assert.ok(last < embedding);
    assert.deepEqual(
      activationPeaks(llama, spread(1), { ...cold, enforceEager: true }),
      activationPeaks(llama, spread(1), few),
    );
  });

  it("copies a token for each expert it goes to, and keeps the buffers while it samples", () => {
    const shape = shapeOf("Qwen/Qwen3-30B-A3B");
    const experts = 2 * 2048 * 8 * (2048 + 768);
    const attention = 2 * 2048 * (2 * 32 + 2 * 4) * 128;
    const hidden = 2 * 2048 * 5 * 2048;
    assert.deepEqual(activationPeaks(shape, spread(1), { ...few, maxNumSeqs: 8 }), [experts + attention + hidden]);
    assert.deepEqual(activationPeaks(shape, spread(1), defaults), [experts + 16 * 256 * 151936]);
  });

  it("captures vLLM's batch sizes", () => {
    assert.deepEqual(graphSizes({ ...defaults, maxNumSeqs: 4 }), [1, 2, 4, 8]);
    assert.equal(graphSizes(few).length, 19);
    assert.equal(graphSizes(defaults).length, 51);
    assert.equal(graphSizes({ ...defaults, maxNumSeqs: 1024 }).at(-1), 512);
    assert.deepEqual(graphSizes({ ...defaults, enforceEager: true }), []);
  });

  it("counts graphs by size and layer, none in eager mode", () => {
    const [bytes = 0] = graphBytes(llama, spread(1), few);
    assert.equal(bytes, Math.ceil(2 * 19 * 32 * 0.175 * MIB));
    assert.deepEqual(graphBytes(llama, spread(1), { ...few, enforceEager: true }), [0]);
    assert.equal(graphBytes(llama, spread(1, 2), few).length, 2);
  });

  it("takes less outside PyTorch with several ranks", () => {
    assert.equal(nonTorchBytes(spread(1)), 230 * MIB);
    assert.equal(nonTorchBytes(spread(2)), 68 * MIB);
    assert.equal(nonTorchBytes(spread(1, 2)), 68 * MIB);
  });
});
