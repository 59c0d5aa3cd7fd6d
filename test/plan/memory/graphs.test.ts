import assert from "node:assert/strict";
import { graphBytes, graphSizes } from "../../../plan/memory/graphs";
import { defaults, MIB, shapeOf, spread } from "./cases";

const llama = shapeOf("meta-llama/Llama-3.1-8B-Instruct");
const few = { ...defaults, maxNumSeqs: 64 };

describe("plan/memory/graphs", () => {
  const cublas = 32 * MIB;

  it("captures vLLM's batch sizes", () => {
    assert.deepEqual(graphSizes({ ...defaults, maxNumSeqs: 4 }), [1, 2, 4, 8]);
    assert.equal(graphSizes(few).length, 19);
    assert.equal(graphSizes(defaults).length, 51);
    assert.equal(graphSizes({ ...defaults, maxNumSeqs: 1024 }).at(-1), 512);
    assert.deepEqual(graphSizes({ ...defaults, enforceEager: true }), []);
    assert.equal(graphSizes(few, shapeOf("openai/gpt-oss-20b")).length, 83);
  });

  it("counts graphs by size and layer, none in eager mode", () => {
    const [bytes = 0] = graphBytes(llama, spread(1), few);
    assert.equal(bytes, Math.ceil(cublas + (19 + 11) * (1.5 + 32 * 0.15) * MIB));
    assert.deepEqual(graphBytes(llama, spread(1), { ...few, enforceEager: true }), [0]);
    assert.equal(graphBytes(llama, spread(1, 2), few).length, 2);
  });

  it("captures those up to the slots a second time, and no more than a step has tokens", () => {
    for (const [maxNumSeqs, maxNumBatchedTokens] of [
      [1, 2048],
      [7, 2048],
      [256, 300],
      [1024, 8192],
      [64, 1],
    ] as const) {
      const run = { ...defaults, maxNumSeqs, maxNumBatchedTokens };
      const sizes = graphSizes(run);
      assert.ok(sizes.every((size) => size <= Math.min(2 * maxNumSeqs, 512, maxNumBatchedTokens)));
      const graphs = sizes.length + sizes.filter((size) => size <= maxNumSeqs).length;
      assert.deepEqual(graphBytes(llama, spread(1), run), [Math.ceil(cublas + graphs * (1.5 + 32 * 0.15) * MIB)]);
    }
  });
});
