import assert from "node:assert/strict";
import { gpuModel } from "../../catalog/gpus";
import { memoryOf, type EngineSettings, type Layout } from "../../plan/memory";
import { defaults, GIB, MIB, shapeOf, spread } from "./memory/cases";

interface Wanted {
  readonly model: string;
  readonly gpu: string;
  readonly layout: Layout;
  readonly settings?: Partial<EngineSettings>;
}

function estimate({ model, gpu, layout, settings = {} }: Wanted): ReturnType<typeof memoryOf> {
  const card = gpuModel(gpu);
  assert.ok(card, gpu);
  const gpuBytes = Array<number>(layout.pipelineParallel).fill(card.cudaTotalMib * MIB);
  return memoryOf({ shape: shapeOf(model), layout, settings: { ...defaults, ...settings }, gpuBytes });
}

describe("plan/memory", () => {
  it("adds up: budget is weights, the rest, and the cache", () => {
    const { ranks } = estimate({ model: "Qwen/Qwen3-8B", gpu: "3090", layout: spread(1) });
    const [rank] = ranks;
    assert.ok(rank);
    const { weights, nonTorch, activations, graphs, kvCache, budget, missing } = rank;
    assert.equal(weights.total + nonTorch + activations + graphs + kvCache, budget);
    assert.equal(budget, Math.ceil(24125 * MIB * 0.9));
    assert.equal(missing, 0);
  });

  it("leaves graphs out of the budget when told so", () => {
    const wanted = { model: "Qwen/Qwen3-8B", gpu: "3090", layout: spread(1) };
    const [within] = estimate(wanted).ranks;
    const [outside] = estimate({ ...wanted, settings: { graphsInBudget: false } }).ranks;
    assert.equal((outside?.kvCache ?? 0) - (within?.kvCache ?? 0), within?.graphs);
    assert.equal(outside?.graphs, within?.graphs);
  });

  it("says by how much a model is too large", () => {
    const { ranks, fits, kv } = estimate({ model: "google/gemma-3-27b-it", gpu: "3090", layout: spread(1) });
    assert.equal(fits, false);
    assert.equal(kv.tokens, 0);
    assert.ok((ranks[0]?.missing ?? 0) > 29 * GIB && (ranks[0]?.missing ?? 0) < 33 * GIB);
  });

  const fitting: readonly [string, Wanted, boolean][] = [
    [
      "70B in 16 bit: not on one A100",
      { model: "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", gpu: "a100", layout: spread(1) },
      false,
    ],
    [
      "70B in 16 bit: on two A100 by PP",
      { model: "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", gpu: "a100", layout: spread(1, 2) },
      true,
    ],
    [
      "Gemma 3 27B W4A16 with 256 slots: not on one 3090 when nothing is compiled yet",
      {
        model: "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g",
        gpu: "3090",
        layout: spread(1),
        settings: { compileCache: "cold" },
      },
      false,
    ],
    [
      "Gemma 3 27B W4A16 with 32 slots: on one 3090",
      {
        model: "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g",
        gpu: "3090",
        layout: spread(1),
        settings: { maxNumSeqs: 32 },
      },
      true,
    ],
    [
      "Qwen3-32B-AWQ with 32k: not on one 3090",
      { model: "Qwen/Qwen3-32B-AWQ", gpu: "3090", layout: spread(1), settings: { maxModelLen: 32768 } },
      false,
    ],
    [
      "Qwen3-32B-AWQ with 32k: on two",
      { model: "Qwen/Qwen3-32B-AWQ", gpu: "3090", layout: spread(2), settings: { maxModelLen: 32768 } },
      true,
    ],
    [
      "Qwen3-235B in 16 bit: on 8 A100",
      { model: "Qwen/Qwen3-235B-A22B-Instruct-2507", gpu: "a100", layout: spread(8) },
      true,
    ],
    [
      "Qwen3-235B in 16 bit: not on 4",
      { model: "Qwen/Qwen3-235B-A22B-Instruct-2507", gpu: "a100", layout: spread(4) },
      false,
    ],
    ["gpt-oss-20b: on one 4090", { model: "openai/gpt-oss-20b", gpu: "4090", layout: spread(1) }, true],
    ["DeepSeek V3 in FP8: not on 8 H100", { model: "deepseek-ai/DeepSeek-V3", gpu: "h100", layout: spread(8) }, false],
    ["DeepSeek V3 in FP8: on 8 H200", { model: "deepseek-ai/DeepSeek-V3", gpu: "h200", layout: spread(8) }, true],
  ];
  for (const [name, wanted, fits] of fitting) it(name, () => assert.equal(estimate(wanted).fits, fits));

  it("does not fit when the cache holds less than one sequence", () => {
    const wanted = { model: "Qwen/Qwen2.5-32B-Instruct-AWQ", gpu: "3090", layout: spread(1) };
    const { ranks, kv, fits } = estimate({ ...wanted, settings: { maxModelLen: 32768 } });
    assert.equal(ranks[0]?.missing, 0);
    assert.ok(kv.tokens > 0 && kv.tokens < 32768);
    assert.equal(fits, false);
  });

  it("has as many blocks as the smallest card of a pipeline", () => {
    const shape = shapeOf("Qwen/Qwen3-8B");
    const layout = spread(1, 2);
    const both = (gpuBytes: readonly number[]): number =>
      memoryOf({ shape, layout, settings: defaults, gpuBytes }).kv.blocks;
    assert.ok(both([24 * GIB, 12 * GIB]) < both([24 * GIB, 24 * GIB]));
    assert.ok(both([24 * GIB, 12 * GIB]) >= both([12 * GIB, 12 * GIB]));
  });

  it("wants one GPU size for each pipeline rank", () => {
    const request = { shape: shapeOf("Qwen/Qwen3-8B"), layout: spread(1, 2), settings: defaults, gpuBytes: [GIB] };
    assert.throws(() => memoryOf(request), RangeError);
  });
});
