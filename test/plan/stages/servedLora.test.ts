import assert from "node:assert/strict";
import { modelShape } from "../../../catalog/modelShapes";
import { formatFault } from "../../../config/errors";
import { loraBytes } from "../../../plan/stages/servedLora";
import { changed, existing } from "../../config/stacks";
import { servedInput, staged } from "./servedCases";

const lora = { path: "s3://adapters/small", maxRank: 16, maxAdapters: 4 };
const shapeOf = (id: string) => {
  const shape = modelShape(id);
  assert.ok(shape !== undefined);
  return shape;
};
const one = { tensorParallel: 1, pipelineParallel: 1 };

describe("memory of a model's adapters", () => {
  it("is rank x (in + out) of every linear part and of the head, by hand", () => {
    // Qwen3-8B: 36 layers, hidden 4096, 32 heads and 8 of keys of 128, feed-forward 12288, vocabulary 151936.
    const layer = 2 * (4096 + 4096) + 2 * (4096 + 1024) + 2 * (4096 + 12288) + (12288 + 4096);
    const all = 36 * layer + (4096 + 151936);
    assert.equal(loraBytes(shapeOf("Qwen/Qwen3-8B"), one, lora), 4 * 16 * 2 * all);
  });

  it("is cut by TP on one side of each part alone, and by PP in layers", () => {
    const shape = shapeOf("Qwen/Qwen3-8B");
    const of = (tensorParallel: number, pipelineParallel: number) =>
      loraBytes(shape, { tensorParallel, pipelineParallel }, lora) ?? 0;
    const layer = 4096 + 2048 + 2 * (4096 + 512) + 2048 + 4096 + 2 * (4096 + 6144) + (6144 + 4096);
    assert.equal(of(2, 1), 4 * 16 * 2 * (36 * layer + 4096 + 151936));
    assert.equal(of(1, 1) - of(1, 2), of(1, 2) - 4 * 16 * 2 * (4096 + 151936));
  });

  it("has every expert, which expert parallelism shares out whole", () => {
    const shape = shapeOf("Qwen/Qwen3-235B-A22B-Instruct-2507");
    const { layers, hidden, heads, kvHeads, headDim, vocab } = shape;
    // 128 experts of 1536, and attention that TP 4 cuts on one side.
    const attention =
      hidden + (heads * headDim) / 4 + 2 * (hidden + (kvHeads / 4) * headDim) + (heads * headDim) / 4 + hidden;
    const of = (experts: number) => 4 * 16 * 2 * (layers * (attention + experts) + hidden + vocab);
    const tp4 = { tensorParallel: 4, pipelineParallel: 1 };
    assert.equal(loraBytes(shape, tp4, lora), of(128 * 3 * (hidden + 1536 / 4)));
    assert.equal(loraBytes(shape, { ...tp4, expertParallel: true }, lora), of(32 * 3 * (hidden + 1536)));
  });

  it("is told, as the plan's count has it not", () => {
    const { warnings, faults } = staged(servedInput(changed(existing, "models[0].lora", lora)));
    assert.deepEqual(faults, []);
    assert.ok(
      warnings.some((text) =>
        text.startsWith("Qwen/Qwen3-8B: 4 adapters of rank 16 take 0.3 GiB of each GPU out of the KV cache"),
      ),
      warnings.join("\n"),
    );
  });

  it("is refused where it leaves no cache, and where vLLM takes no adapters", () => {
    const faults = (raw: unknown) => staged(servedInput(raw)).faults.map(formatFault);
    const many = { path: lora.path, maxRank: 512, maxAdapters: 64 };
    assert.match(
      faults(changed(existing, "models[0].lora", many)).join(),
      /^models\[0\]\.lora: found 64 adapters of rank 512: 176\.0 GiB of each GPU; expected less than the \d\d\.\d GiB that weights leave for the KV cache; fix: lower `maxAdapters` or `maxRank`, or give the model more GPUs$/,
    );
    const gemma = changed(changed(existing, "models[0].source", "google/gemma-3-27b-it"), "models[0].lora", lora);
    assert.deepEqual(faults(gemma), [
      "models[0].lora: found adapters beside a vocabulary of 262,208; expected at most 258,048: vLLM takes adapters for no larger output head; fix: remove `lora`, or serve another model",
    ]);
  });
});
