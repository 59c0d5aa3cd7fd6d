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
});
