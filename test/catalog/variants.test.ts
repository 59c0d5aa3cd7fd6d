import assert from "node:assert/strict";
import { variantsOf } from "../../catalog/variants";
import { modelShapes } from "../../catalog/modelShapes";
import { shapeOf } from "../plan/memory/cases";

const idsOf = (id: string): readonly string[] => variantsOf(shapeOf(id)).map((shape) => shape.id);

describe("storage formats of a model", () => {
  it("are found whoever published them", () => {
    assert.deepEqual(idsOf("meta-llama/Llama-3.1-8B-Instruct"), [
      "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic",
      "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16",
      "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4",
      "meta-llama/Llama-3.1-8B-Instruct",
    ]);
    assert.deepEqual(idsOf("Qwen/Qwen3-32B-AWQ"), ["Qwen/Qwen3-32B", "Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B-FP8"]);
  });

  it("are not other models of the same size", () => {
    assert.deepEqual(idsOf("deepseek-ai/DeepSeek-R1"), ["deepseek-ai/DeepSeek-R1"]);
    assert.ok(!idsOf("Qwen/Qwen3-4B").includes("Qwen/Qwen3-4B-Instruct-2507"));
  });

  it("are the same from each of them", () => {
    for (const shape of modelShapes) {
      const ids = idsOf(shape.id);
      for (const id of ids) assert.deepEqual(idsOf(id), ids);
    }
  });

  it("have a model that the catalogue does not know among them", () => {
    const own = { ...shapeOf("Qwen/Qwen3-32B"), id: "my-model" };
    assert.deepEqual(variantsOf(own), [own]);
  });
});
