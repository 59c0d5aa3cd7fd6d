import assert from "node:assert/strict";
import { planStages } from "../../plan/stages";
import { changed, existing } from "../config/stacks";
import { committedInput, stageInput } from "./stages/cases";

describe("the stages after a cluster", () => {
  for (const stack of ["homelab", "a100", "qwen3-235b"] as const)
    it(`of ${stack} are planned without a fault, and lack nothing but what a bring-up asks for by itself`, () => {
      const { plan, faults, unmet } = planStages(committedInput(stack));
      assert.deepEqual([faults, unmet], [[], []]);
      assert.deepEqual(
        Object.keys(plan.gateway.routes),
        plan.served.models.map(({ name }) => name),
      );
      assert.equal(plan.served.claim, plan.modelStore.volume.claim);
    });

  it("ask for GPUs as the stage that made them allocatable wants it", () => {
    const gpuOf = (mode: string) => planStages(stageInput(changed(existing, "gpu", { mode }))).plan.served.gpu;
    const resource = "nvidia.com/gpu";
    assert.deepEqual(gpuOf("gpuOperator"), { resource, runtimeClass: "nvidia" });
    assert.deepEqual(gpuOf("hami"), { resource, runtimeClass: "nvidia", scheduler: "hami-scheduler" });
    assert.deepEqual(gpuOf("preinstalled"), { resource });
  });

  it("tell the faults of all of them at once", () => {
    const wrong = changed(changed(existing, "gpu", { hamiSplitCount: 2 }), "modelStore", { hostPath: "/data" });
    const { faults } = planStages(stageInput(wrong));
    assert.deepEqual(faults.map(({ path }) => path).sort(), ["gpu.hamiSplitCount", "modelStore.hostPath"]);
  });
});
