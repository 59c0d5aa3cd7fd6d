import assert from "node:assert/strict";
import type { Pins } from "../../../plan/cluster/types";
import { nodeOf } from "../support/servingPlans";
import { on, plannedOne } from "./cases";

const parsersOf = (model: string, pins: Pins = {}): readonly (string | undefined)[] => {
  const { engine } = plannedOne(model, on(nodeOf("a", "3090", 1)), { pins });
  return [engine.toolParser, engine.reasoningParser];
};

describe("plan/layouts/servingPlan", () => {
  it("takes the catalogue's parsers, and the user's own before them", () => {
    assert.deepEqual(parsersOf("Qwen/Qwen3-8B-AWQ"), ["hermes", "qwen3"]);
    assert.deepEqual(parsersOf("Qwen/Qwen3-8B-AWQ", { toolParser: "qwen3_xml" }), ["qwen3_xml", "qwen3"]);
    assert.deepEqual(parsersOf("Qwen/Qwen3-8B-AWQ", { reasoningParser: "holo2" }), ["hermes", "holo2"]);
  });

  it("has none where none is known", () => assert.deepEqual(parsersOf("google/gemma-3-4b-it"), [undefined, undefined]));
});
