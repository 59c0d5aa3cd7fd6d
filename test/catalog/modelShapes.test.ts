import assert from "node:assert/strict";
import { modelShape, modelShapes } from "../../catalog/modelShapes";

describe("catalog/modelShapes", () => {
  it("finds a model by its id in any case, and nothing else", () => {
    assert.equal(modelShape("qwen/qwen3-32b-awq")?.id, "Qwen/Qwen3-32B-AWQ");
    assert.equal(modelShape("Qwen/Qwen3-33B"), undefined);
  });

  it("has no id twice", () => {
    const ids = modelShapes.map(({ id }) => id.toLowerCase());
    assert.equal(new Set(ids).size, ids.length);
  });

  it("has the models that people of these cards run", () => {
    const wanted = [
      "meta-llama/Llama-3.2-1B-Instruct",
      "meta-llama/Llama-3.3-70B-Instruct",
      "Qwen/Qwen2.5-0.5B-Instruct",
      "Qwen/Qwen2.5-72B-Instruct-AWQ",
      "Qwen/Qwen3-0.6B",
      "Qwen/Qwen3-235B-A22B-Instruct-2507",
      "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8",
      "google/gemma-3-1b-it",
      "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g",
      "mistralai/Mistral-7B-Instruct-v0.3",
      "mistralai/Mixtral-8x7B-Instruct-v0.1",
      "deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
      "deepseek-ai/DeepSeek-V3",
      "openai/gpt-oss-20b",
      "openai/gpt-oss-120b",
      "zai-org/GLM-4.5-Air",
      "microsoft/phi-4",
    ];
    assert.deepEqual(
      wanted.filter((id) => modelShape(id) === undefined),
      [],
    );
  });

  it("keeps its rows sane: whole positive numbers, heads in whole groups, a source and a date", () => {
    for (const shape of modelShapes) {
      const { layers, hidden, heads, kvHeads, headDim, intermediate, vocab, maxContext } = shape;
      for (const n of [layers, hidden, heads, kvHeads, headDim, intermediate, vocab, maxContext])
        assert.ok(Number.isSafeInteger(n) && n > 0, shape.id);
      assert.equal(heads % kvHeads, 0, shape.id);
      assert.match(shape.date, /^\d{4}-\d{2}-\d{2}$/, shape.id);
      assert.ok(shape.source.length > 0, shape.id);
    }
  });

  it("says which rows nobody could check", () => {
    const open = modelShapes.filter(({ verified }) => !verified).map(({ id }) => id);
    assert.ok(open.includes("gaunernst/gemma-3-27b-it-int4-awq"));
    assert.ok(open.includes("mistralai/Mistral-Small-24B-Instruct-2501"));
    assert.ok(!open.includes("Qwen/Qwen3-32B-AWQ"));
  });
});
