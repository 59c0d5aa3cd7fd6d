import assert from "node:assert/strict";
import type { Quantization } from "../../../catalog/modelShapes";
import { allocated, tensorBytes, weightsPerRank } from "../../../plan/memory/weights";
import { MIB, shapeOf, spread } from "./cases";

const linear = { kind: "linear", rows: 1024, columns: 2048 } as const;
const numbers = 1024 * 2048;

describe("plan/memory/weights", () => {
  const formats: readonly [string, Quantization, number][] = [
    ["16 bit", { format: "bf16" }, 2 * numbers],
    [
      "AWQ: 4 bit, a scale and a zero point a group",
      { format: "int4", group: 128, zeros: true },
      numbers / 2 + (numbers / 128) * 2.5,
    ],
    [
      "GPTQ: 4 bit and a scale a group",
      { format: "int4", group: 128, zeros: false },
      numbers / 2 + (numbers / 128) * 2,
    ],
    ["FP8 by channel", { format: "fp8", scales: "channel" }, numbers + 1024 * 4],
    ["FP8 by block", { format: "fp8", scales: "block128" }, numbers + 8 * 16 * 4],
    ["MXFP4 leaves ordinary layers in 16 bit", { format: "mxfp4" }, 2 * numbers],
  ];
  for (const [name, quantization, wanted] of formats) {
    it(`stores ${name}`, () => assert.equal(tensorBytes(linear, quantization), wanted));
  }

  it("keeps zero points in 16 bit on Hopper, and in 4 bit before", () => {
    const awq = { format: "int4", group: 128, zeros: true } as const;
    const more = tensorBytes(linear, awq, 90) - tensorBytes(linear, awq, 86);
    assert.equal(more, (numbers / 128) * 1.5);
    assert.equal(tensorBytes(linear, awq, 120), tensorBytes(linear, awq));
  });

  it("pads MXFP4 experts less on Hopper", () => {
    const shape = shapeOf("openai/gpt-oss-20b");
    const [hopper] = weightsPerRank(shape, spread(1), 90);
    const [older] = weightsPerRank(shape, spread(1));
    assert.ok((hopper?.total ?? 0) < 0.96 * (older?.total ?? 0));
  });

  it("stores MXFP4 experts in 4 bit with a byte for each 32", () => {
    assert.equal(tensorBytes({ ...linear, kind: "expert" }, { format: "mxfp4" }), numbers / 2 + numbers / 32);
  });

  it("leaves norms, routers and biases in 16 bit, and router corrections in 32", () => {
    const quantization = { format: "fp8", scales: "channel" } as const;
    assert.equal(tensorBytes({ kind: "plain", rows: 128, columns: 2048 }, quantization), 2 * 128 * 2048);
    assert.equal(tensorBytes({ kind: "full", rows: 256, columns: 1 }, quantization), 1024);
  });

  it("counts what the allocator does not split off", () => {
    assert.equal(allocated(513), 1024);
    assert.equal(allocated(10 * MIB), 10 * MIB);
    assert.equal(allocated(21 * MIB), 22 * MIB); // a rest of 1 MiB stays with it
    assert.equal(allocated(10.5 * MIB), 10.5 * MIB); // a rest of 1.5 MiB does not
    assert.equal(allocated(224 * MIB), 224 * MIB);
  });

  it("puts the embedding on the first PP rank and the head on the last", () => {
    const ranks = weightsPerRank(shapeOf("deepseek-ai/DeepSeek-R1-Distill-Llama-70B"), spread(1, 2));
    const vocab = 2 * 128256 * 8192;
    assert.deepEqual(
      ranks.map(({ embedding, head }) => [embedding, head]),
      [
        [vocab, 0],
        [0, vocab + 2 * 8192],
      ],
    );
    assert.equal(ranks[0]?.layers, ranks[1]?.layers);
  });

  it("has a tied head for nothing on one rank, and twice on two", () => {
    const shape = shapeOf("meta-llama/Llama-3.2-3B-Instruct");
    const vocab = allocated(2 * 128256 * 3072);
    assert.equal(weightsPerRank(shape, spread(1))[0]?.head, 2 * 3072);
    assert.equal(weightsPerRank(shape, spread(1, 2))[1]?.head, vocab + 2 * 3072);
  });

  it("counts the rope tables on every rank, eight times the positions with linear scaling", () => {
    const [gemma] = weightsPerRank(shapeOf("google/gemma-3-27b-it"), spread(2));
    assert.equal(gemma?.rope, 2 * 128 * 131072 * 9);
  });

  it("keeps the vision tower in 16 bit on the first rank", () => {
    const [first, last] = weightsPerRank(shapeOf("ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g"), spread(1, 2));
    assert.equal(first?.vision, 2 * 423_060_336);
    assert.equal(last?.vision, 0);
  });
});
