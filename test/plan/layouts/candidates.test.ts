import assert from "node:assert/strict";
import { nodesOf } from "../support/servingPlans";
import { on, plannedOne } from "./cases";

describe("plan/layouts/candidates", () => {
  it("splits layers by memory when only that makes the first start fit", () => {
    const model = "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4";
    const { layout, memory } = plannedOne(model, on(nodesOf("gpu", 2, "3090", 1)), { contextTokens: 4096 });
    assert.deepEqual(layout.layerPartition, [38, 42]);
    assert.ok(memory.cold.fits);
  });
});
