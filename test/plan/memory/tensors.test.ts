import assert from "node:assert/strict";
import { modelShapes } from "../../../catalog/modelShapes";
import { layerTensors, parameterCount, vocabTensor } from "../../../plan/memory/tensors";
import { shapeOf, spread } from "./cases";

describe("plan/memory/tensors", () => {
  it("counts exactly as many parameters as are published", () => {
    for (const shape of modelShapes) {
      const { publishedParams } = shape;
      assert.ok(publishedParams !== undefined, shape.id);
      // GLM-4.5-Air's published number leaves out the router's corrections: 45 layers x 128.
      const corrections = shape.id.startsWith("zai-org/GLM-4.5-Air") ? 5760 : 0;
      // Qwen2.5-72B in 4 bit has 128 zeros more in each row of three matrices a layer.
      const zeros = shape.intermediate === 29696 ? 80 * 3 * 128 * 8192 : 0;
      assert.equal(parameterCount(shape) - publishedParams, corrections + zeros, shape.id);
    }
  });

  it("agrees with the sizes known from the hub", () => {
    assert.equal(parameterCount(shapeOf("Qwen/Qwen2.5-0.5B-Instruct")), 494_032_768);
    assert.equal(2 * parameterCount(shapeOf("deepseek-ai/DeepSeek-R1-Distill-Llama-70B")), 141_107_412_992);
    assert.equal((parameterCount(shapeOf("google/gemma-3-27b-it")) / 1e9).toFixed(2), "27.43");
    assert.equal((parameterCount(shapeOf("Qwen/Qwen3-235B-A22B-Instruct-2507")) / 1e9).toFixed(2), "235.09");
  });

  it("splits outputs or inputs by TP, and keeps norms and routers whole", () => {
    const [qkv, out, , norms] = layerTensors(shapeOf("Qwen/Qwen2.5-7B-Instruct"), spread(2), 0);
    assert.deepEqual([qkv?.rows, qkv?.columns], [(14 + 2 * 2) * 128, 3584]);
    assert.deepEqual([out?.rows, out?.columns], [3584, 14 * 128]);
    assert.ok(norms);
    const router = layerTensors(shapeOf("Qwen/Qwen3-30B-A3B"), spread(4), 0).find(({ rows }) => rows === 128);
    assert.deepEqual(router, { kind: "plain", rows: 128, columns: 2048 });
  });

  it("keeps one KV head once there are more ranks than heads", () => {
    const [qkv] = layerTensors(shapeOf("Qwen/Qwen3-30B-A3B"), spread(8), 0);
    assert.equal(qkv?.rows, (32 / 8 + 2) * 128);
  });

  it("slices every expert by TP, or with expert parallel keeps some whole: the same bytes", () => {
    const shape = shapeOf("Qwen/Qwen3-30B-A3B");
    const experts = (expertParallel: boolean): number[] =>
      layerTensors(shape, { ...spread(4), expertParallel }, 0)
        .filter(({ kind }) => kind === "expert")
        .map(({ rows, columns }) => rows * columns);
    assert.deepEqual(experts(true), experts(false));
    const [first] = layerTensors(shape, { ...spread(4), expertParallel: true }, 0).filter(
      ({ kind }) => kind === "expert",
    );
    assert.deepEqual(first, { kind: "expert", rows: (128 / 4) * 2 * 768, columns: 2048 });
  });

  it("pads the vocabulary to 64 before it is split", () => {
    assert.equal(vocabTensor(shapeOf("microsoft/Phi-4-mini-instruct"), spread(1)).rows, 200_064);
    assert.equal(vocabTensor({ ...shapeOf("microsoft/phi-4"), vocab: 100_001 }, spread(2)).rows, 100_032 / 2);
  });

  it("pads MXFP4 experts for the kernel", () => {
    const [first, second] = layerTensors(shapeOf("openai/gpt-oss-20b"), spread(1), 0).filter(
      ({ kind }) => kind === "expert",
    );
    assert.deepEqual([first?.rows, first?.columns], [32 * 2 * 2944, 3072]);
    assert.deepEqual([second?.rows, second?.columns], [32 * 3072, 2944]);
  });

  it("has dense layers before the experts of DeepSeek V3, and the unpacked latent projections", () => {
    const kinds = (index: number): string[] =>
      layerTensors(shapeOf("deepseek-ai/DeepSeek-V3"), spread(8), index).map(({ kind }) => kind);
    assert.ok(!kinds(2).includes("expert"));
    assert.ok(kinds(3).includes("expert"));
    assert.equal(kinds(0).filter((kind) => kind === "copy").length, 1);
  });
});
