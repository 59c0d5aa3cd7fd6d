import assert from "node:assert/strict";
import type { GpuModel } from "../../../catalog/gpus";
import { capability, dtype, kvCacheDtype } from "../../../plan/rules/devices";
import type { Candidate } from "../../../plan/rules/types";
import { candidate, card, turing } from "./cases";

const llama8b = "meta-llama/Llama-3.1-8B-Instruct";
const pascal: GpuModel = { ...turing, name: "P40", computeCapability: 61 };

describe("plan/rules/devices", () => {
  const floors: readonly (readonly [id: string, gpu: GpuModel, found?: RegExp])[] = [
    [llama8b, turing],
    [llama8b, pascal, /^bf16 weights on P40 \(compute capability 6.1\)$/],
    ["Qwen/Qwen3-32B-AWQ", turing],
    ["Qwen/Qwen3-8B-FP8", card("rtx-3090")],
    ["Qwen/Qwen3-8B-FP8", pascal, /^fp8 weights/],
    ["openai/gpt-oss-20b", card("rtx-3090")],
    ["openai/gpt-oss-20b", turing, /^mxfp4 weights on T4 \(compute capability 7.5\)$/],
  ];
  for (const [id, gpu, found] of floors) {
    it(`${found === undefined ? "runs" : "does not run"} ${id} on ${gpu.name}`, () => {
      const broken = capability(candidate(id, 1, 1, { gpus: [card("h100"), gpu] }));
      if (found === undefined) assert.equal(broken, undefined);
      else assert.match(broken?.found ?? "", found);
    });
  }

  const dtypes: readonly (readonly [id: string, more: Partial<Candidate>, found?: RegExp])[] = [
    [llama8b, {}],
    [llama8b, { dtype: "float16" }],
    [llama8b, { gpus: [turing] }, /^bfloat16 on T4/],
    [llama8b, { gpus: [turing], dtype: "float16" }],
    ["google/gemma-3-27b-it", { dtype: "float16" }, /overflows/],
    ["google/gemma-3-1b-it", { dtype: "float16" }, /overflows/],
    ["openai/gpt-oss-20b", { dtype: "float16" }, /^float16 with MXFP4 weights$/],
  ];
  for (const [id, more, found] of dtypes) {
    it(`${found === undefined ? "takes" : "refuses"} ${more.dtype ?? "bfloat16"} for ${id}`, () => {
      const broken = dtype(candidate(id, 1, 1, { ...more, pins: { dtype: more.dtype ?? "bfloat16" } }));
      if (found === undefined) assert.equal(broken, undefined);
      else assert.match(broken?.found ?? "", found);
      assert.equal(broken?.pin, found === undefined ? undefined : "dtype");
    });
  }

  const caches: readonly (readonly [id: string, gpu: string, right: boolean])[] = [
    [llama8b, "rtx-3090", true], // FlashInfer
    ["google/gemma-3-1b-it", "rtx-3090", true],
    ["google/gemma-3-27b-it", "rtx-3090", false], // images are attended to in both directions
    ["google/gemma-3-27b-it", "rtx-4090", true],
    ["openai/gpt-oss-20b", "a100", false], // sinks
    ["deepseek-ai/DeepSeek-V3", "a100", false], // MLA
    ["deepseek-ai/DeepSeek-V3", "h100", true],
  ];
  for (const [id, gpu, right] of caches) {
    it(`${right ? "has" : "has no"} FP8 cache for ${id} on ${gpu}`, () => {
      const broken = kvCacheDtype(candidate(id, 1, 1, { gpus: [card(gpu)], kvCacheDtype: "fp8" }));
      assert.equal(broken === undefined, right);
      assert.equal(kvCacheDtype(candidate(id, 1, 1, { gpus: [card(gpu)] })), undefined);
    });
  }

  it("has no FP8 cache on Turing at all, and none below 8.9 for a head of 96", () => {
    const fp8 = { kvCacheDtype: "fp8", pins: { kvCacheDtype: "fp8" } } as const;
    assert.match(kvCacheDtype(candidate(llama8b, 1, 1, { gpus: [turing], ...fp8 }))?.needed ?? "", /8\.0/);
    const { shape } = candidate(llama8b, 1);
    const odd = kvCacheDtype(
      candidate(llama8b, 1, 1, { shape: { ...shape, headDim: 96 }, gpus: [card("a100")], ...fp8 }),
    );
    assert.match(odd?.needed ?? "", /8\.9/);
    assert.equal(odd?.pin, "kvCacheDtype");
  });
});
