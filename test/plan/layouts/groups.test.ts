import assert from "node:assert/strict";
import fc from "fast-check";
import {
  blocksFor,
  countReplicas,
  overNetwork,
  reaches,
  replicasOf,
  sampleReplicas,
  tensorGroups,
} from "../../../plan/layouts/groups";
import { blockOf, cardPools, type Block } from "../../../plan/layouts/pools";
import { nodeOf } from "../support/servingPlans";

const block = (gpus: number, islands: readonly number[] = []): Block =>
  blockOf(
    "a",
    nodeOf("a", "3090", gpus).map((gpu, index) => ({
      ...gpu,
      ...(islands[index] ? { nvlinkGroup: `${islands[index]}` } : {}),
    })),
  );

const idsOf = (groups: readonly (readonly { id: string }[])[]): string[][] =>
  groups.map((group) => group.map(({ id }) => id));

describe("plan/layouts/groups", () => {
  it("takes NVLink partners first, and then what is left of them", () => {
    assert.deepEqual(idsOf(tensorGroups(block(4, [1, 2, 1, 2]), 2)), [
      ["a/0", "a/2"],
      ["a/1", "a/3"],
    ]);
    assert.deepEqual(idsOf(tensorGroups(block(4, [1, 1, 1]), 2)), [
      ["a/0", "a/1"],
      ["a/2", "a/3"],
    ]);
    assert.deepEqual(idsOf(tensorGroups(block(3), 2)), [["a/0", "a/1"]]);
  });

  it("counts as many replicas as it forms, and samples are of them or like them", () => {
    const nodes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });
    const sizes = fc.record({
      tensorParallel: fc.integer({ min: 1, max: 8 }),
      pipelineParallel: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(nodes, sizes, fc.constantFrom(...reaches), (counts, layout, reach) => {
        const [pool] = cardPools(counts.flatMap((count, index) => nodeOf(`n${index}`, "3090", count)));
        assert.ok(pool);
        const replicas = replicasOf(pool.blocks, layout, reach);
        assert.equal(countReplicas(pool.blocks, layout, reach), replicas.length);
        const used = replicas.flat(2).map(({ id }) => id);
        assert.equal(new Set(used).size, used.length);
        const samples = sampleReplicas(pool.blocks, layout, reach);
        assert.equal(samples.length > 0, replicas.length > 0);
        const most = 1 + (counts.length % 4);
        const few = blocksFor(pool.blocks, layout, reach, most);
        assert.deepEqual(replicasOf(few, layout, reach).slice(0, most), replicas.slice(0, most));
        assert.ok(few.length === 1 || replicasOf(few.slice(0, -1), layout, reach).length < most);
        for (const replica of [...replicas, ...samples]) {
          assert.equal(replica.length, layout.pipelineParallel);
          const nodesOfReplica = new Set(replica.flat().map(({ node }) => node));
          if (!overNetwork(reach)) assert.equal(nodesOfReplica.size, 1);
          for (const group of replica) assert.equal(group.length, layout.tensorParallel);
        }
      }),
    );
  });
});
