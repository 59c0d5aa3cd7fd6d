import assert from "node:assert/strict";
import { nodeOf } from "../support/servingPlans";
import { on, plannedOne } from "./cases";

const shareOn = (card: string, gpus: number, more: object = {}): number =>
  plannedOne("Qwen/Qwen3-4B-AWQ", on(nodeOf("a", card, gpus)), { contextTokens: 8192, pins: more }).engine
    .gpuMemoryUtilization;

describe("plan/layouts/settings", () => {
  it("leaves room for NCCL and the CUDA context on a small card, where the usual share leaves less", () => {
    const twice = { tensorParallel: 2 };
    assert.equal(shareOn("3090", 2, twice), 0.9);
    assert.equal(shareOn("3060", 2, twice), 0.87);
    assert.equal(shareOn("3060", 1), 0.92);
    assert.equal(shareOn("3060", 2, { ...twice, gpuMemoryUtilization: 0.9 }), 0.9);
  });

  it("has the slots that were asked for, and tokens enough in a step for them", () => {
    const engine = (pins: object) => plannedOne("Qwen/Qwen3-4B-AWQ", on(nodeOf("a", "3090", 1)), { pins }).engine;
    assert.deepEqual([engine({}).maxNumSeqs, engine({ maxNumSeqs: 100 }).maxNumSeqs], [256, 100]);
    const { maxNumSeqs, maxNumBatchedTokens } = engine({ maxNumSeqs: 24, maxNumBatchedTokens: 4096 });
    assert.deepEqual([maxNumSeqs, maxNumBatchedTokens], [24, 4096]);
  });

  it("has no more slots than there are blocks for the states of linear attention, with room to spare", () => {
    const one = on(nodeOf("a", "4090", 1));
    const { engine, memory, reasons } = plannedOne("Qwen/Qwen3.5-9B", one);
    assert.equal(engine.blockSize, 528);
    assert.ok(engine.maxNumSeqs < 256 && engine.maxNumSeqs < 0.92 * memory.cold.kv.blocks);
    assert.ok(
      reasons.some((reason) => /^\d+ slots instead of vLLM's 256: each needs a block of the cache/.test(reason)),
    );
    assert.equal(plannedOne("Qwen/Qwen3.5-9B", one, { pins: { enforceEager: true } }).engine.maxNumSeqs, 256);
    for (let share = 0.9; share < 1; share += 0.005) {
      const tight = plannedOne("Qwen/Qwen3.5-9B", one, { pins: { gpuMemoryUtilization: share } });
      const { blocks } = tight.memory.cold.kv;
      assert.ok(tight.engine.maxNumSeqs <= 0.92 * blocks, `${tight.engine.maxNumSeqs} slots and ${blocks} blocks`);
    }
  });
});
