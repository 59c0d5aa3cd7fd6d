import assert from "node:assert/strict";
import { gpuModel } from "../../../catalog/gpus";
import { splitByMemory } from "../../../plan/layouts/partition";
import { memoryOf } from "../../../plan/memory";
import { defaults, MIB, shapeOf, spread } from "../memory/cases";

function split(model: string, cards: readonly string[]): readonly number[] {
  const shape = shapeOf(model);
  const layout = spread(1, cards.length);
  const gpuBytes = cards.map((name) => (gpuModel(name)?.cudaTotalMib ?? 0) * MIB);
  const settings = { ...defaults, compileCache: "cold" } as const;
  return splitByMemory(shape, layout, memoryOf({ shape, layout, settings, gpuBytes })).layerPartition ?? [];
}

describe("plan/layouts/partition", () => {
  it("gives layers by memory, the ends less for embedding and head", () => {
    const layers = split("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", ["3090", "3090", "3060"]);
    assert.equal(
      layers.reduce((sum, own) => sum + own, 0),
      80,
    );
    const [first = 0, second = 0, small = 0] = layers;
    assert.ok(small < first && first < second, layers.join());
    // 24 GiB to 12 GiB, less what each has besides layers: between two and three times as many.
    assert.ok(second / small > 2 && second / small < 3, layers.join());
  });

  it("gives every rank a layer", () => {
    const layers = split("Qwen/Qwen2.5-72B-Instruct", ["a100", "a100", "3060"]);
    assert.ok(
      layers.every((own) => own >= 1),
      layers.join(),
    );
  });
});
