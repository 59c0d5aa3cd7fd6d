import assert from "node:assert/strict";
import fc from "fast-check";
import { gpuModels } from "../../catalog/gpus";
import { modelShapes } from "../../catalog/modelShapes";
import { brokenLayoutRules, brokenRules, nearestLayouts, notes, type Candidate } from "../../plan/rules";
import { candidate, card, turing } from "./rules/cases";

const llama = "meta-llama/Llama-3.1-8B-Instruct";

const candidates: fc.Arbitrary<Candidate> = fc
  .record({
    shape: fc.constantFrom(...modelShapes),
    tensorParallel: fc.integer({ min: 1, max: 16 }),
    pipelineParallel: fc.integer({ min: 1, max: 8 }),
    expertParallel: fc.boolean(),
    gpu: fc.constantFrom(...gpuModels),
  })
  .map(({ shape, gpu, expertParallel, ...sizes }) => ({
    shape,
    layout: { ...sizes, ...(expertParallel ? { expertParallel } : {}) },
    gpus: [gpu],
    dtype: "bfloat16",
    kvCacheDtype: "auto",
    pins: {},
  }));

describe("plan/rules", () => {
  it("lets every model of the catalogue run on one card of every kind", () => {
    for (const { id } of modelShapes) {
      for (const gpu of gpuModels) assert.deepEqual(brokenRules(candidate(id, 1, 1, { gpus: [gpu] })), [], id);
    }
  });

  it("tells every broken rule at once, those of the layout first", () => {
    const pins = { tensorParallel: 3, dtype: "bfloat16", toolParser: "nonsense", gpuMemoryUtilization: 1.5 } as const;
    const worst = candidate(llama, 3, 40, { pins, gpus: [turing], contextTokens: 200_000 });
    assert.deepEqual(
      brokenRules(worst).map(({ rule }) => rule),
      ["heads", "kv-heads", "feed-forward", "layers", "dtype", "context", "gpu-memory-utilization", "tool-parser"],
    );
    for (const { found, needed, because } of brokenRules(worst))
      assert.ok(found.length > 0 && needed.length > 0 && /vllm\//.test(because), found);
  });

  it("does not ask what a shard must be of heads that do not divide", () => {
    const rules = brokenLayoutRules(candidate("Qwen/Qwen3-32B-FP8", 3)).map(({ rule }) => rule);
    assert.ok(rules.includes("heads") && !rules.includes("block-fp8"));
  });

  it("tells of a large FP8 model on eight A100 what does work", () => {
    const eight = candidate("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 8, 1, { gpus: [card("a100")] });
    assert.deepEqual(
      nearestLayouts(eight, 8).map(({ tensorParallel, pipelineParallel, expertParallel }) => [
        tensorParallel,
        pipelineParallel,
        expertParallel ?? false,
      ]),
      [
        [8, 1, true],
        [4, 1, false],
        [4, 2, false],
      ],
    );
  });

  it("offers only layouts that break no layout rule, on no more GPUs than there are", () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 32 }), (each, gpus) => {
        for (const layout of nearestLayouts(each, gpus)) {
          assert.ok(layout.tensorParallel * layout.pipelineParallel <= gpus);
          assert.deepEqual(brokenLayoutRules({ ...each, layout }), []);
        }
      }),
    );
  });

  it("allows every model on one GPU, so that something is always near", () => {
    fc.assert(
      fc.property(candidates, (each) => {
        const single = { ...each, layout: { tensorParallel: 1, pipelineParallel: 1 } };
        assert.deepEqual(brokenLayoutRules(single), []);
        if (brokenLayoutRules(each).length > 0) assert.ok(nearestLayouts(each, 128).length > 0);
      }),
    );
  });

  it("answers the same to the same question", () => {
    fc.assert(
      fc.property(candidates, (each) => {
        assert.deepEqual(brokenRules(each), brokenRules(each));
        assert.deepEqual(notes(each), notes(each));
      }),
    );
  });
});
