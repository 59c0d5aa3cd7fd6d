import assert from "node:assert/strict";
import { globalBelow, kvHeadsPerRank, layerRanges } from "../../../plan/memory/layout";
import { shapeOf, spread } from "./cases";

const counts = (layers: number, ranks: number): number[] =>
  layerRanges(layers, spread(1, ranks)).map(({ start, end }) => end - start);

describe("plan/memory/layout", () => {
  it("splits layers as vLLM does: what is left over never goes to the last rank", () => {
    assert.deepEqual(counts(80, 2), [40, 40]);
    assert.deepEqual(counts(61, 2), [31, 30]);
    assert.deepEqual(counts(62, 4), [15, 16, 16, 15]);
    assert.deepEqual(counts(94, 4), [23, 24, 24, 23]);
    assert.deepEqual(counts(63, 4), [16, 16, 16, 15]);
    assert.deepEqual(counts(5, 1), [5]);
  });

  it("takes a partition by hand, and refuses one that does not match", () => {
    const layout = { ...spread(1, 3), layerPartition: [30, 20, 12] };
    assert.deepEqual(layerRanges(62, layout), [
      { start: 0, end: 30 },
      { start: 30, end: 50 },
      { start: 50, end: 62 },
    ]);
    assert.throws(() => layerRanges(61, layout), RangeError);
    assert.throws(() => layerRanges(62, { ...layout, pipelineParallel: 2 }), RangeError);
  });

  it("never has less than one KV head on a rank", () => {
    const shape = shapeOf("Qwen/Qwen3-235B-A22B-Instruct-2507");
    assert.deepEqual(
      [1, 2, 4, 8].map((tp) => kvHeadsPerRank(shape, spread(tp))),
      [4, 2, 1, 1],
    );
  });

  it("knows the global layers: 10 of 62 in Gemma 3 27B, every second in gpt-oss, all in Llama", () => {
    const globals = (id: string): number => {
      const shape = shapeOf(id);
      return globalBelow(shape, shape.layers);
    };
    assert.equal(globals("google/gemma-3-27b-it"), 10);
    assert.equal(globals("google/gemma-3-1b-it"), 4);
    assert.equal(globals("openai/gpt-oss-20b"), 12);
    assert.equal(globals("meta-llama/Llama-3.1-8B-Instruct"), 32);
  });
});
