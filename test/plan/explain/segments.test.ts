import assert from "node:assert/strict";
import fc from "fast-check";
import { gpuBytes, kvBytes, segmentNames, segmentsOf, shareOut } from "../../../plan/explain/segments";
import { homelab, nodeOf, servingPlan } from "../support/servingPlans";

const sum = (parts: readonly number[]): number => parts.reduce((total, part) => total + part, 0);

describe("cells of a bar", () => {
  it("are shared out by the largest remainder, and what is there is seen", () => {
    assert.deepEqual(shareOut([50, 30, 20], 10), [5, 3, 2]);
    assert.deepEqual(shareOut([1, 1, 1], 10), [4, 3, 3]);
    assert.deepEqual(shareOut([1000, 1, 0, 1], 10), [8, 1, 0, 1]);
    assert.deepEqual(shareOut([0, 0], 10), [0, 0]);
  });

  it("are as many as there are to share, and at least one for each part that is there", () => {
    const parts = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 6, max: 80 }), (list, cells) => {
        const shares = shareOut(list, cells);
        assert.equal(sum(shares), sum(list) === 0 ? 0 : cells);
        list.forEach((part, index) => assert.equal((shares[index] ?? 0) > 0, part > 0));
      }),
    );
  });
});

describe("the parts of a GPU's memory", () => {
  it("add up to what CUDA reports, and the cache is whole blocks of the scarcest rank", () => {
    const { serving, hardware } = homelab();
    const [plan] = serving.models;
    assert.ok(plan);
    const gpus = new Map(hardware.gpus.map((gpu) => [gpu.id, gpu]));
    for (const rank of plan.ranks) {
      const gpu = gpus.get(rank.gpu);
      assert.ok(gpu);
      const segments = segmentsOf(plan, rank, gpu);
      assert.equal(sum(segmentNames.map((name) => segments[name])), gpuBytes(gpu));
      const left = plan.memory.warm.ranks[rank.pipelineRank]?.kvCache ?? 0;
      assert.ok(segments.kv <= left, `${segments.kv} of ${left}`);
    }
    // The last rank has the least room; it fills up to less than a block.
    const full = plan.memory.warm.ranks.map(({ kvCache }, rank) => kvCache - (kvBytes(plan)[rank] ?? 0));
    assert.ok(Math.min(...full) < 2 * 2 ** 20);
    assert.ok(Math.max(...full) > 2 ** 30, "a rank with room to spare keeps it free");
  });

  it("halve the cache's bytes a token with an FP8 cache", () => {
    const gpus = nodeOf("a", "3090", 1);
    const plan = servingPlan({ model: "Qwen/Qwen3-8B", gpus });
    const fp8 = { ...plan, engine: { ...plan.engine, kvCacheDtype: "fp8" as const } };
    assert.equal(2 * (kvBytes(fp8)[0] ?? 0), kvBytes(plan)[0]);
  });
});
