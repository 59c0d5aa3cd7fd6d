import assert from "node:assert/strict";
import { modelShapes } from "../../catalog/modelShapes";
import { parsersFor, reasoningParsers, toolParsers } from "../../catalog/parsers";

describe("catalog/parsers", () => {
  it("gives models the parsers that their cards and vLLM's pages name", () => {
    const expected: readonly (readonly [id: string, tool?: string | undefined, reasoning?: string])[] = [
      ["meta-llama/Llama-3.1-8B-Instruct", "llama3_json"],
      ["hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "llama3_json"],
      ["deepseek-ai/DeepSeek-R1-Distill-Llama-70B", undefined, "deepseek_r1"],
      ["deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", undefined, "deepseek_r1"],
      ["deepseek-ai/DeepSeek-V3", "deepseek_v3"],
      ["Qwen/Qwen2.5-72B-Instruct-AWQ", "hermes"],
      ["Qwen/Qwen3-32B-AWQ", "hermes", "qwen3"],
      ["Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "hermes"],
      ["Qwen/Qwen3-235B-A22B-Thinking-2507", "hermes", "qwen3"],
      ["Qwen/Qwen3-Next-80B-A3B-Instruct-FP8", "hermes"],
      ["Qwen/Qwen3-Next-80B-A3B-Thinking", "hermes", "qwen3"],
      ["Qwen/Qwen3-Coder-Next", "qwen3_coder"],
      ["Qwen/Qwen3.8-27B-FP8", "qwen3_coder", "qwen3"],
      ["Qwen/Qwen3-8B-Base"],
      ["google/gemma-3-27b-it"],
      ["mistralai/Mistral-7B-Instruct-v0.2"],
      ["mistralai/Mistral-7B-Instruct-v0.3", "mistral"],
      ["openai/gpt-oss-20b", "openai", "openai_gptoss"],
      ["zai-org/GLM-4.5-Air-FP8", "glm45", "glm45"],
      ["microsoft/phi-4"],
      ["microsoft/Phi-4-mini-instruct", "phi4_mini_json"],
      ["nobody/knows-it"],
    ];
    assert.deepEqual(
      expected.map(([id]) => [id, parsersFor(id).tool, parsersFor(id).reasoning]),
      expected.map(([id, tool, reasoning]) => [id, tool, reasoning]),
    );
  });

  it("gives no model of the catalogue a parser that does not exist", () => {
    for (const { id } of modelShapes) {
      const { tool, reasoning } = parsersFor(id);
      assert.ok(tool === undefined || toolParsers.has(tool), id);
      assert.ok(reasoning === undefined || reasoningParsers.has(reasoning), id);
    }
  });

  it("has the number of names that vLLM 0.29.0 has, and none that later or earlier ones have", () => {
    assert.deepEqual([toolParsers.size, reasoningParsers.size], [49, 32]);
    assert.ok(!toolParsers.has("qwen3_json"));
    assert.ok(!toolParsers.has("gemma3"));
  });
});
