import assert from "node:assert/strict";
import * as division from "../../../plan/rules/division";
import type { BrokenRule, Candidate } from "../../../plan/rules/types";
import { candidate, shapeOf } from "./cases";

const llama8b = "meta-llama/Llama-3.1-8B-Instruct";
const qwenSmall = "Qwen/Qwen2.5-0.5B-Instruct";
const gptOss = "openai/gpt-oss-20b";

describe("plan/rules/division", () => {
  const cases: readonly (readonly [name: keyof typeof division, id: string, tp: number, pp: number, found?: RegExp])[] =
    [
      ["heads", llama8b, 4, 1],
      ["heads", llama8b, 3, 1, /^TP 3 and 32 attention heads$/],
      ["kvHeads", llama8b, 8, 1],
      ["kvHeads", llama8b, 16, 1],
      ["kvHeads", qwenSmall, 14, 1],
      ["kvHeads", qwenSmall, 7, 1, /^TP 7 and 2 KV heads$/],
      ["kvHeads", "deepseek-ai/DeepSeek-V3", 3, 1],
      ["linearHeads", llama8b, 3, 1],
      ["linearHeads", "Qwen/Qwen3-Next-80B-A3B-Instruct", 8, 1],
      ["linearHeads", "Qwen/Qwen3-Next-80B-A3B-Instruct", 3, 1, /^TP 3 and 16 key heads of linear attention$/],
      ["linearHeads", "Qwen/Qwen3.8-27B", 32, 1, /^TP 32 and 16 key heads/],
      ["feedForward", llama8b, 7, 1],
      ["feedForward", llama8b, 3, 1, /^TP 3 and a feed-forward width of 14336$/],
      ["feedForward", "zai-org/GLM-4.5-Air", 32, 1],
      ["feedForward", "zai-org/GLM-4.5-Air", 48, 1, /width of 1408$/],
      ["gptOssExperts", gptOss, 4, 2],
      ["gptOssExperts", gptOss, 4, 7, /^TP 4 x PP 7 and experts of width 2880$/],
      ["vocabulary", llama8b, 3, 1],
      ["vocabulary", "Qwen/Qwen3-8B", 3, 1, /^TP 3 and a vocabulary of 151936 \(151936 padded/],
      ["vocabulary", "microsoft/Phi-4-mini-instruct", 2, 1],
      ["experts", "mistralai/Mixtral-8x7B-Instruct-v0.1", 8, 1],
      ["experts", "mistralai/Mixtral-8x7B-Instruct-v0.1", 16, 1, /^TP 16 and 8 experts$/],
      ["layers", llama8b, 1, 32],
      ["layers", llama8b, 1, 33, /^PP 33 and 32 layers$/],
    ];
  for (const [name, id, tp, pp, found] of cases) {
    it(`${name}: ${id} at TP ${tp} x PP ${pp} is ${found === undefined ? "allowed" : "refused"}`, () => {
      const rule = division[name] as (each: Candidate) => BrokenRule | undefined;
      const broken = rule(candidate(id, tp, pp));
      if (found === undefined) assert.equal(broken, undefined);
      else assert.match(broken?.found ?? "", found);
    });
  }

  it("names the pin only when there is one", () => {
    assert.equal(division.heads(candidate(llama8b, 3))?.pin, undefined);
    assert.equal(division.heads(candidate(llama8b, 3, 1, { pins: { tensorParallel: 3 } }))?.pin, "tensorParallel");
    assert.equal(
      division.layers(candidate(llama8b, 1, 40, { pins: { pipelineParallel: 40 } }))?.pin,
      "pipelineParallel",
    );
  });

  it("asks for experts where expert parallel is wanted, and then does not slice them", () => {
    const layout = { tensorParallel: 4, pipelineParallel: 1, expertParallel: true };
    const dense = candidate(llama8b, 4, 1, { layout, pins: { expertParallel: true } });
    assert.equal(division.expertParallel(dense)?.pin, "expertParallel");
    assert.equal(division.expertParallel(candidate("Qwen/Qwen3-30B-A3B", 4, 1, { layout })), undefined);
    const odd = { ...layout, tensorParallel: 7 };
    const shape = { ...shapeOf("Qwen/Qwen3-30B-A3B"), heads: 28, kvHeads: 7 };
    assert.equal(division.feedForward(candidate("Qwen/Qwen3-30B-A3B", 7, 1, { shape, layout: odd })), undefined);
    assert.match(division.feedForward(candidate("Qwen/Qwen3-30B-A3B", 7, 1, { shape }))?.found ?? "", /768/);
  });

  const partitions: readonly (readonly [partition: readonly number[], pp: number, right: boolean])[] = [
    [[16, 16], 2, true],
    [[20, 12], 2, true],
    [[16, 15], 2, false],
    [[32], 2, false],
    [[32, 0], 2, false],
    [[15.5, 16.5], 2, false],
  ];
  for (const [layerPartition, pp, right] of partitions) {
    it(`${right ? "takes" : "refuses"} the layer partition ${layerPartition.join(",")}`, () => {
      const layout = { tensorParallel: 1, pipelineParallel: pp, layerPartition };
      const broken = division.layerPartition(candidate(llama8b, 1, pp, { layout, pins: { layerPartition } }));
      assert.equal(broken?.pin, right ? undefined : "layerPartition");
    });
  }
});
