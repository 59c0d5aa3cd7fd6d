import assert from "node:assert/strict";
import { nodesOf } from "../support/servingPlans";
import { ask, gemma, homelab, on, planned } from "./cases";

describe("plan/layouts/idle", () => {
  it("says that no model may use a pool, not that the card is too small", () => {
    const { idle } = planned([ask(gemma, { pins: { pools: ["rtx-3090"] } })], homelab);
    assert.deepEqual(
      idle.map(({ gpu }) => gpu),
      ["small/0"],
    );
    assert.match(idle[0]?.reason ?? "", /no model may use the pool rtx-3060.*Alone: Qwen\/Qwen3-8B-AWQ would fit/);
  });

  it("says that another card serves the model better, where it would fit on this one too", () => {
    const hardware = on([...nodesOf("fast", 3, "4090", 1), ...nodesOf("slow", 1, "3090", 1)]);
    const { idle } = planned([ask("Qwen/Qwen3-8B")], hardware);
    assert.equal(idle.length, 1);
    assert.match(idle[0]?.reason ?? "", /are on one kind of card, and RTX 4090 serves it better/);
  });
});
