import assert from "node:assert/strict";
import { customAllReduceOff, notesOn } from "../../../plan/rules/notes";
import type { Candidate, Note } from "../../../plan/rules/types";
import { candidate, card, cards } from "./cases";

const about = (each: Candidate): readonly Note["about"][] => notesOn(each).map((note) => note.about);
const text = (each: Candidate, subject: Note["about"]): string =>
  notesOn(each).find((note) => note.about === subject)?.text ?? "";

describe("plan/rules/notes", () => {
  it("has nothing to say of a plain candidate", () => {
    assert.deepEqual(about(candidate("meta-llama/Llama-3.1-8B-Instruct", 2)), []);
  });

  it("tells of copied KV heads with their number", () => {
    const copied = candidate("Qwen/Qwen3-235B-A22B-Instruct-2507", 8);
    assert.match(text(copied, "kv-heads"), /^4 KV heads on TP 8: each is kept 2 times/);
    assert.match(text(candidate("deepseek-ai/DeepSeek-V3", 8), "kv-heads"), /MLA does not divide it/);
  });

  it("tells what linear attention keeps, and in which blocks", () => {
    const next = candidate("Qwen/Qwen3-Next-80B-A3B-Instruct", 2);
    assert.match(
      text(next, "linear-attention"),
      /^36 of 48 layers .* keeps 536 KiB .* only 12 layers .* is 544 tokens\.$/,
    );
    assert.match(text({ ...next, kvCacheDtype: "fp8" }, "linear-attention"), /1072 tokens/);
  });

  it("tells what FP8 and MXFP4 are worth on older cards", () => {
    const at = (id: string, gpu: string) => about(candidate(id, 1, 1, { gpus: [card(gpu)] }));
    assert.deepEqual(at("Qwen/Qwen3-8B-FP8", "rtx-3090"), ["fp8"]);
    assert.deepEqual(at("Qwen/Qwen3-8B-FP8", "rtx-4090"), []);
    assert.deepEqual(at("openai/gpt-oss-20b", "h100"), ["mxfp4"]);
    assert.deepEqual(at("openai/gpt-oss-20b", "rtx-5090"), []);
  });

  it("tells of padding, finer blocks and uneven parts", () => {
    assert.deepEqual(about(candidate("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 8)), ["kv-heads", "block-fp8"]);
    assert.match(
      text(candidate("google/gemma-3-27b-it", 1, 4), "layers"),
      /62 layers on PP 4 .* 2 ranks have one more/,
    );
    const layout = { tensorParallel: 6, pipelineParallel: 1, expertParallel: true };
    assert.match(
      text(candidate("Qwen/Qwen3-30B-A3B", 6, 1, { layout }), "experts"),
      /128 experts on 6 ranks: 2 of them/,
    );
    const { shape } = candidate("microsoft/phi-4", 1);
    const own = { shape: { ...shape, vocab: 100277 } };
    assert.match(text(candidate("microsoft/phi-4", 1, 1, own), "vocabulary"), /100277 is padded to 100288/);
    const fp8 = candidate("Qwen/Qwen3-8B-FP8", 32, 1, { gpus: [card("a100")] });
    assert.deepEqual(about({ ...fp8, shape: { ...fp8.shape, kvHeads: 32, hidden: 4064 } }), ["fp8", "marlin-padding"]);
  });

  it("warns above a share of 0.95", () => {
    const share = (gpuMemoryUtilization: number) =>
      about(candidate("meta-llama/Llama-3.1-8B-Instruct", 1, 1, { pins: { gpuMemoryUtilization } }));
    assert.deepEqual(share(0.95), []);
    assert.deepEqual(share(0.96), ["gpu-memory-utilization"]);
  });

  const groups: readonly (readonly [name: string, group: ReturnType<typeof cards>, off?: RegExp])[] = [
    ["one GPU", cards("a100", 1)],
    ["two on PCIe with peer-to-peer", cards("a100", 2)],
    ["two GeForce on PCIe", cards("rtx-4090", 2), /no peer-to-peer/],
    ["two passed through", cards("a100-80g-pcie", 2, { passthrough: true }), /no peer-to-peer/],
    ["two GeForce with a bridge", cards("rtx-3090", 2, { nvlinkGroup: "b" })],
    ["four on PCIe", cards("a100-80g-pcie", 4), /4 GPUs are not all joined by NVLink/],
    ["eight on a switch", cards("h100", 8, { nvlinkGroup: "s" })],
    ["three on a switch", cards("h100", 3, { nvlinkGroup: "s" }), /no kernel for 3 GPUs/],
    ["two in two nodes", [...cards("h100", 1), ...cards("h100", 1, { node: "m" })], /spans nodes/],
  ];
  for (const [name, group, off] of groups) {
    it(`has vLLM's own all-reduce ${off === undefined ? "on" : "off"} for ${name}`, () => {
      const reason = customAllReduceOff(group);
      if (off === undefined) assert.equal(reason, undefined);
      else assert.match(reason ?? "", off);
      const said = notesOn(candidate("meta-llama/Llama-3.1-8B-Instruct", 2), group).length;
      assert.equal(said, off === undefined ? 0 : 1);
    });
  }
});
