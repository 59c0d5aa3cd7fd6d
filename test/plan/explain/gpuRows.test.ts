import assert from "node:assert/strict";
import { gpuNames, gpuRows, ranges } from "../../../plan/explain/gpuRows";
import { bridged, homelab, large, nodeOf, nodesOf, servingPlan } from "../support/servingPlans";
import type { ClusterView } from "../../../plan/explain/view";

const rowsOf = ({ serving, hardware }: ClusterView): string[][] =>
  serving.models.flatMap((plan) => gpuRows(plan, hardware).map(({ name, card, rank }) => [name, card, rank]));

describe("ranges", () => {
  it("join what follows each other", () => {
    assert.equal(ranges([0, 1, 2, 3]), "0-3");
    assert.equal(ranges([5, 3, 1, 2]), "1-3,5");
    assert.equal(ranges([7]), "7");
  });
});

describe("names of GPUs", () => {
  it("are short within a node, and first and last over several", () => {
    const node = nodeOf("a", "3090", 4);
    assert.equal(gpuNames(node), "a/0-3");
    assert.equal(gpuNames(node.slice(2, 3)), "a/2");
    assert.equal(gpuNames(nodesOf("n", 3, "3090", 1)), "n-1/0 to n-3/0 (3)");
  });
});

describe("rows of GPUs", () => {
  it("are one a GPU where each holds something else", () => {
    const ranks = [0, 1, 2].map((rank) => [`gpu-${rank + 1}/0`, "RTX 3090", `PP${rank}`]);
    assert.deepEqual(rowsOf(homelab()), ranks);
  });

  it("are one for the TP ranks of a replica", () => {
    assert.deepEqual(rowsOf(bridged()), [
      ["a/0-1", "RTX 3090", "R0 TP0-1"],
      ["a/2-3", "RTX 3090", "R1 TP0-1"],
      ["b/0-1", "RTX 3090", "R2 TP0-1"],
    ]);
  });

  it("are one for the replicas of a node where there are many, and one for all where there are many nodes", () => {
    assert.deepEqual(rowsOf(large()).slice(4), [
      ["h100-node-5/0-7", "H100 80GB SXM5", "R0-3 TP0-1"],
      ["h100-node-6/0-7", "H100 80GB SXM5", "R4-7 TP0-1"],
      ["h100-node-7/0-7", "H100 80GB SXM5", "R8-11 TP0-1"],
    ]);
    const gpus = nodesOf("n", 9, "3090", 1);
    const plan = servingPlan({ model: "Qwen/Qwen3-8B", gpus });
    const rows = gpuRows(plan, { gpus, network: { gbitPerSecond: 10, rdma: false } });
    assert.deepEqual(
      rows.map(({ name, rank }) => [name, rank]),
      [["n-1/0 to n-9/0 (9)", "R0-8"]],
    );
  });
});
