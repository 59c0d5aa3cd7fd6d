import assert from "node:assert/strict";
import { bestFirst, explainComparison, type Compared } from "../../../plan/explain/compare";
import type { Figure } from "../../../plan/cluster/types";
import { shapeOf } from "../memory/cases";
import { homelab, servingPlan, speed } from "../support/servingPlans";

const { hardware } = homelab();
const rate = (value: number): Figure => ({ value, boundBy: "memory bandwidth" });
const fitting = (model: string, busy: number, replicas: number): Compared => {
  const plan = servingPlan({ model, gpus: hardware.gpus.slice(0, replicas) });
  return { shape: plan.shape, plan: { ...plan, speed: { ...speed, tokensPerSecondBusy: rate(busy) } }, faults: [] };
};
const fault = { path: "--model", found: "61 GiB", needed: "21 GiB", fix: "take a smaller one" };
const refused: Compared = { shape: shapeOf("Qwen/Qwen3-8B"), faults: [fault] };

describe("a comparison", () => {
  const all = bestFirst([refused, fitting("Qwen/Qwen3-8B-AWQ", 300, 1), fitting("Qwen/Qwen3-8B-FP8", 150, 3)]);

  it("has the most tokens a second of all replicas first, and what does not fit last", () => {
    assert.deepEqual(
      all.map(({ shape }) => shape.id),
      ["Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B-AWQ", "Qwen/Qwen3-8B"],
    );
  });

  it("is a line each, then why what does not fit does not", () => {
    assert.equal(
      explainComparison(all, hardware),
      `3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060 12GB, 10 GbE

  model              weights        layout           context  1 request  together
  Qwen/Qwen3-8B-FP8  FP8 in blocks  TP 1 x PP 1 x 3    8,192         22       450
  Qwen/Qwen3-8B-AWQ  4 bit (AWQ)    TP 1 x PP 1        8,192         22       300
  Qwen/Qwen3-8B      16 bit         does not fit           -          -         -

  tokens/s: one request alone, and all requests of all replicas together;
  fastest first, not best answers

  Qwen/Qwen3-8B: found 61 GiB; expected 21 GiB`,
    );
  });
});
