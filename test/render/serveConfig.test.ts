import assert from "node:assert/strict";
import { makePlan } from "../../plan/plan";
import { renderServeConfig } from "../../render/serveConfig";
import { toYaml } from "../../render/text";
import { profileOf, rtx3090, withLlama } from "../plan/cases";
import { golden, llama, tiny } from "./plans";

const weights = { modelSources: { "tiny-llama": "/run/tokenrack/models/tiny-llama" } };

describe("renderServeConfig", () => {
  it("on a CPU equals its golden text", () => {
    assert.equal(toYaml(renderServeConfig(tiny, weights)), golden("serve-cpu.yaml"));
  });

  it("on a GPU equals its golden text", () => {
    assert.equal(toYaml(renderServeConfig(llama)), golden("serve-cuda.yaml"));
  });

  it("has vLLM parse tool calls and reasoning where the model's parsers are known", () => {
    const source = "Qwen/Qwen3-8B";
    const textOf = (model: object): string =>
      toYaml(renderServeConfig(makePlan(profileOf({}, model), withLlama({ gpus: [rtx3090] }))));
    const text = textOf({ source });
    assert.match(text, /enable_auto_tool_choice: true\n/);
    assert.match(text, /tool_call_parser: hermes\n/);
    assert.match(text, /reasoning_parser: qwen3\n/);
    const distilled = textOf({ source: "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B" });
    assert.doesNotMatch(distilled, /tool/);
    assert.match(distilled, /reasoning_parser: deepseek_r1\n/);
    assert.doesNotMatch(toYaml(renderServeConfig(tiny, weights)), /parser|tool_choice/);
  });

  it("gives a GPU an exact KV cache only when one was asked for", () => {
    const plan = makePlan(profileOf({ kvCacheGib: 2 }, { source: "org/llama" }), withLlama({ gpus: [rtx3090] }));
    const text = toYaml(renderServeConfig(plan));
    assert.match(text, /kv_cache_memory_bytes: 2147483648/);
    assert.match(text, /gpu_memory_utilization: 0\.9/);
  });
});
