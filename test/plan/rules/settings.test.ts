import assert from "node:assert/strict";
import { context, gpuMemoryUtilization, reasoningParser, toolParser } from "../../../plan/rules/settings";
import type { Pins } from "../../../plan/cluster/types";
import { candidate } from "./cases";

const id = "Qwen/Qwen3-32B-AWQ";
const pinned = (pins: Pins) => candidate(id, 1, 1, { pins });

describe("plan/rules/settings", () => {
  it("keeps the context within the model's", () => {
    const at = (contextTokens: number) => context(candidate(id, 1, 1, { contextTokens }));
    assert.equal(at(40960), undefined);
    assert.equal(context(candidate(id, 1)), undefined);
    assert.match(at(40961)?.needed ?? "", /from 1 to 40960/);
    assert.equal(at(0)?.found, "a context of 0 tokens");
    assert.notEqual(at(100.5), undefined);
  });

  it("keeps the share of memory above 0 and at most 1", () => {
    for (const share of [0.01, 0.92, 1])
      assert.equal(gpuMemoryUtilization(pinned({ gpuMemoryUtilization: share })), undefined);
    for (const share of [0, -0.1, 1.5, Number.NaN])
      assert.equal(gpuMemoryUtilization(pinned({ gpuMemoryUtilization: share }))?.pin, "gpuMemoryUtilization");
  });

  it("knows the parsers, and the nearest to one that it does not know", () => {
    assert.equal(toolParser(pinned({ toolParser: "hermes" })), undefined);
    assert.equal(reasoningParser(pinned({ reasoningParser: "qwen3" })), undefined);
    assert.match(toolParser(pinned({ toolParser: "lama3_json" }))?.needed ?? "", /nearest: llama3_json/);
    assert.match(reasoningParser(pinned({ reasoningParser: "deepseek-r1" }))?.needed ?? "", /nearest: deepseek_r1/);
    assert.equal(reasoningParser(pinned({ reasoningParser: "hermes" }))?.pin, "reasoningParser");
  });
});
