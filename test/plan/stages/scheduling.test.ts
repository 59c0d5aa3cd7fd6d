import assert from "node:assert/strict";
import { onAnyOf, onPool, onSystem } from "../../../plan/stages/scheduling";
import type { PoolPlan } from "../../../plan/types";
import { changed, existing } from "../../config/stacks";
import { committedInput, stageInput } from "./cases";

const pool = (given: Partial<PoolPlan>): PoolPlan => ({
  name: "w",
  role: "nodes",
  count: 1,
  gpusPerNode: 1,
  taints: [],
  labels: {},
  ...given,
});
const tainted = pool({ taints: [{ key: "dedicated", value: "gpu", effect: "NoExecute" }], labels: { gpu: "yes" } });
const bare = pool({ taints: [{ key: "spot", effect: "NoSchedule" }] });

describe("where pods run", () => {
  it("tolerates exactly the taints of a pool, and chooses it by its labels", () => {
    assert.deepEqual(onPool(tainted), {
      nodeSelector: { gpu: "yes" },
      tolerations: [{ key: "dedicated", operator: "Equal", value: "gpu", effect: "NoExecute" }],
    });
    assert.deepEqual(onPool(bare).tolerations, [{ key: "spot", operator: "Exists", effect: "NoSchedule" }]);
  });

  it("chooses a pool of our own by its name, whatever its labels", () => {
    const made = pool({ name: "w-gpu", role: "gpu", labels: { gpu: "yes" } });
    assert.deepEqual(onPool(made).nodeSelector, { "node.deckhouse.io/group": "w-gpu" });
  });

  it("tolerates the taints of several pools, each once", () => {
    const { nodeSelector, tolerations } = onAnyOf([tainted, bare, tainted]);
    assert.deepEqual(nodeSelector, {});
    assert.deepEqual(
      tolerations.map(({ key }) => key),
      ["dedicated", "spot"],
    );
  });

  it("puts what needs no GPU on the system pool, and tolerates no taint where there is none", () => {
    const { pools } = committedInput("homelab");
    const system = pools.find(({ name }) => name === "w-std");
    assert.ok(system !== undefined);
    assert.deepEqual(onSystem(pools), onPool(system));
    assert.deepEqual(onSystem([tainted]), { nodeSelector: {}, tolerations: [] });
  });
});

describe("pools of a cluster that is there already", () => {
  it("tolerate every taint that their nodes have", () => {
    const taints = ["role", "model-size"].map((key) => ({ key, value: "x", effect: "NoSchedule" }));
    const { pools } = stageInput(changed(existing, "pools[0].taints", taints));
    assert.deepEqual(
      pools.flatMap((one) => onPool(one).tolerations.map(({ key }) => key)),
      ["role", "model-size"],
    );
  });
});
