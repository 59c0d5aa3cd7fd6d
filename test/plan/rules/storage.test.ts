import assert from "node:assert/strict";
import { blockFp8, blockFp8Experts, expertGroups, groupSize } from "../../../plan/rules/storage";
import { candidate, card, shapeOf } from "./cases";

const wholeExperts = (tp: number): { tensorParallel: number; pipelineParallel: number; expertParallel: boolean } => ({
  tensorParallel: tp,
  pipelineParallel: 1,
  expertParallel: true,
});

describe("plan/rules/storage: FP8 in blocks", () => {
  const dense: readonly (readonly [id: string, tp: number, found?: RegExp])[] = [
    ["Qwen/Qwen3-32B-FP8", 1],
    ["Qwen/Qwen3-32B-FP8", 8], // 25600 / 8 = 25 x 128
    ["Qwen/Qwen3-32B-FP8", 16, /^TP 16, which leaves 1600 of the feed-forward layer on a GPU$/],
    ["Qwen/Qwen3-4B-FP8", 4],
    ["Qwen/Qwen3-4B-FP8", 8, /leaves 1216 of the feed-forward layer/],
    ["deepseek-ai/DeepSeek-V3", 8],
    ["deepseek-ai/DeepSeek-V3", 32, /leaves 576 of the feed-forward layer/],
    ["zai-org/GLM-4.5-Air-FP8", 8], // scales for each channel
    ["meta-llama/Llama-3.1-8B-Instruct", 32], // not quantized
  ];
  for (const [id, tp, found] of dense) {
    it(`${found === undefined ? "takes" : "refuses"} ${id} at TP ${tp}`, () => {
      const broken = blockFp8(candidate(id, tp));
      if (found === undefined) assert.equal(broken, undefined);
      else assert.match(broken?.found ?? "", found);
    });
  }

  it("asks for whole blocks also of narrow heads on one GPU", () => {
    const shape = { ...shapeOf("Qwen/Qwen3-8B-FP8"), kvHeads: 1, headDim: 64 };
    assert.match(blockFp8(candidate("Qwen/Qwen3-8B-FP8", 1, 1, { shape }))?.found ?? "", /64 of the key projection/);
  });

  const big = "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8";
  it("takes slices of experts that finer blocks divide, but only where there are FP8 units", () => {
    assert.equal(blockFp8Experts(candidate(big, 4, 1, { gpus: [card("a100")] })), undefined);
    assert.equal(blockFp8Experts(candidate(big, 8)), undefined); // 192 = 3 x 64
    const old = blockFp8Experts(candidate(big, 8, 1, { gpus: [card("a100")], pins: { tensorParallel: 8 } }));
    assert.equal(old?.found, "TP 8, which leaves 192 of each expert's 1536 on a GPU");
    assert.match(old?.needed ?? "", /multiple of 128 \(finer blocks need compute capability 8.9\), or expert parallel/);
    assert.equal(old?.pin, "tensorParallel");
  });

  it("goes by the oldest card of a mixed group", () => {
    assert.notEqual(blockFp8Experts(candidate(big, 8, 1, { gpus: [card("h100"), card("a100")] })), undefined);
  });

  it("refuses slices that no block of 32 or more divides", () => {
    assert.notEqual(blockFp8Experts(candidate(big, 64)), undefined); // 24
    assert.equal(blockFp8Experts(candidate(big, 16)), undefined); // 96 = 3 x 32
  });

  it("has expert parallel as the way out", () => {
    const out = candidate(big, 8, 1, { gpus: [card("a100")], layout: wholeExperts(8) });
    assert.equal(blockFp8Experts(out), undefined);
  });
});

describe("plan/rules/storage: 4-bit weights in groups", () => {
  const cases: readonly (readonly [id: string, tp: number, found?: RegExp])[] = [
    ["Qwen/Qwen3-32B-AWQ", 8], // 25600 / 8 = 25 groups
    ["Qwen/Qwen3-32B-AWQ", 16, /leaves 1600 inputs of the feed-forward layer/],
    ["Qwen/Qwen2.5-7B-Instruct-AWQ", 4], // 18944 / 4 = 37 groups
    ["Qwen/Qwen2.5-72B-Instruct-AWQ", 2], // published padded to 29696 = 232 groups
    ["Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", 8],
    ["Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", 16, /leaves 1856 inputs of the feed-forward layer/],
    ["Qwen/Qwen2.5-0.5B-Instruct-AWQ", 2, /leaves 448 inputs of the attention output/],
    ["ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g", 8],
    ["meta-llama/Llama-3.1-8B-Instruct", 32],
  ];
  for (const [id, tp, found] of cases) {
    it(`${found === undefined ? "takes" : "refuses"} ${id} at TP ${tp}`, () => {
      const broken = groupSize(candidate(id, tp));
      if (found === undefined) assert.equal(broken, undefined);
      else assert.match(broken?.found ?? "", found);
    });
  }

  it("knows the groups that Marlin has, and the slower kernel of AWQ for others", () => {
    const shape = (zeros: boolean) => ({
      ...shapeOf("meta-llama/Llama-3.1-8B-Instruct"),
      quantization: { format: "int4", group: 256, zeros } as const,
    });
    const id = "meta-llama/Llama-3.1-8B-Instruct";
    assert.match(groupSize(candidate(id, 1, 1, { shape: shape(false) }))?.found ?? "", /groups of 256/);
    assert.equal(groupSize(candidate(id, 1, 1, { shape: shape(true) })), undefined);
  });

  it("holds experts to whole groups; AWQ may halve them down to 32", () => {
    const id = "Qwen/Qwen3-30B-A3B"; // experts of width 768
    const at = (tp: number, zeros: boolean, whole = false) =>
      expertGroups(
        candidate(id, tp, 1, {
          shape: { ...shapeOf(id), quantization: { format: "int4", group: 128, zeros } },
          ...(whole ? { layout: wholeExperts(tp) } : {}),
        }),
      );
    assert.equal(at(2, false), undefined); // 384
    assert.match(at(4, false)?.found ?? "", /192 of each expert's 768/);
    assert.equal(at(4, true), undefined); // 192 = 3 x 64
    assert.notEqual(at(16, true), undefined); // 48
    assert.equal(at(4, false, true), undefined);
  });
});
