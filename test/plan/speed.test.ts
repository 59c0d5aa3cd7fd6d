import assert from "node:assert/strict";
import type { ModelShape } from "../../catalog/modelShapes";
import type { Gpu } from "../../plan/cluster/hardware";
import type { Figure } from "../../plan/cluster/types";
import { speedOf, workOf, type SpeedRequest } from "../../plan/speed";
import { touchedShare } from "../../plan/speed/step";
import { graphSizes } from "../../plan/memory/graphs";
import { graphTokensPerSlot, hostSeconds, mostGraphTokens } from "../../plan/speed/factors";
import { defaults, shapeOf, spread } from "./memory/cases";
import { bareCardsOf, cardOf, cardsOf, tenGbit } from "./speed/rows";

const llama8b = shapeOf("meta-llama/Llama-3.1-8B-Instruct");
const llama70b = shapeOf("meta-llama/Llama-3.3-70B-Instruct");
const settings = {
  maxNumSeqs: 256,
  maxNumBatchedTokens: 2048,
  kvDtypeBytes: 2,
  enforceEager: false,
  asyncScheduling: true,
} as const;

const alone = (card: string): readonly Gpu[] => cardsOf(cardOf(card), 1);

/** So many cards, each on its own node. */
const apart = (card: string, count: number): readonly Gpu[] =>
  cardsOf(cardOf(card), count).map((gpu, index) => ({ ...gpu, node: `node-${index}` }));

const ask = (shape: ModelShape, gpus: readonly Gpu[], own: Partial<SpeedRequest> = {}): SpeedRequest => ({
  shape,
  layout: spread(1),
  gpus,
  network: tenGbit,
  settings,
  contextTokens: 1024,
  promptTokens: 2048,
  concurrency: 16,
  ...own,
});

function near({ value }: Figure, wanted: number, share: number): void {
  assert.ok(Math.abs(value / wanted - 1) < share, `${value}, not ${wanted}`);
}

describe("plan/speed", () => {
  it("decodes as fast as weights are read, and computes prompts", () => {
    const speed = speedOf(ask(llama8b, alone("4090")));
    near(speed.tokensPerSecondAlone, 57, 0.05);
    assert.equal(speed.interTokenAlone.boundBy, "memory bandwidth");
    assert.equal(speed.timeToFirstToken.boundBy, "compute");
  });

  it("says the same as a rate and as a time", () => {
    const speed = speedOf(ask(llama8b, alone("4090")));
    assert.equal(speed.tokensPerSecondAlone.value, 1 / speed.interTokenAlone.value);
    assert.equal(speed.tokensPerSecondBusy.value, 16 / speed.interTokenBusy.value);
    assert.equal(speed.tokensPerSecondBusy.boundBy, speed.interTokenBusy.boundBy);
  });

  it("runs no more at a time than max_num_seqs", () => {
    const few = { ...settings, maxNumSeqs: 4 };
    assert.equal(speedOf(ask(llama8b, alone("4090"), { settings: few })).concurrency, 4);
    const one = speedOf(ask(llama8b, alone("4090"), { concurrency: 1 }));
    assert.deepEqual(one.interTokenBusy, one.interTokenAlone);
  });

  it("waits for the slowest card of a TP group", () => {
    const mixed = [...bareCardsOf(cardOf("3090"), 3), ...bareCardsOf(cardOf("3060"), 1)];
    const speed = (gpus: readonly Gpu[]): number =>
      speedOf(ask(llama8b, gpus, { layout: spread(4) })).interTokenAlone.value;
    assert.equal(speed(mixed), speed(cardsOf(cardOf("3060"), 4)));
  });

  it("is bound by the launches without CUDA graphs, and by the link over a network", () => {
    const eager = speedOf(ask(llama8b, alone("h200"), { settings: { ...settings, enforceEager: true } }));
    assert.equal(eager.interTokenAlone.boundBy, "launch overhead");
    const tp = speedOf(ask(llama70b, apart("h100", 8), { layout: spread(8) }));
    assert.equal(tp.interTokenAlone.boundBy, "link");
    assert.equal(tp.timeToFirstToken.boundBy, "link");
  });

  it("is faster with PP than with TP over 10 GbE, and with TP inside a node", () => {
    const pp = { layout: spread(1, 2) };
    const tp = { layout: spread(2) };
    const first = (gpus: readonly Gpu[], own: Partial<SpeedRequest>): number =>
      speedOf(ask(llama70b, gpus, own)).timeToFirstToken.value;
    assert.ok(first(apart("a100", 2), pp) < first(apart("a100", 2), tp));
    assert.ok(first(cardsOf(cardOf("a100"), 2), tp) < first(cardsOf(cardOf("a100"), 2), pp));
  });

  it("passes PP ranks one after the other, so that two cards are no faster than one for one request", () => {
    const one = speedOf(ask(llama8b, alone("3090")));
    const two = speedOf(ask(llama8b, cardsOf(cardOf("3090"), 2), { layout: spread(1, 2) }));
    assert.ok(two.interTokenAlone.value > one.interTokenAlone.value);
    near(two.interTokenAlone, one.interTokenAlone.value, 0.05);
    assert.ok(two.interTokenAlone.value - one.interTokenAlone.value > 0.0001);
  });

  it("keeps PP ranks busy with several requests, up to what the slowest rank does", () => {
    const gpus = [...alone("3090"), ...alone("3060")];
    const even = speedOf(ask(llama8b, gpus, { layout: spread(1, 2), concurrency: 32 }));
    const uneven = speedOf(
      ask(llama8b, gpus, { layout: { ...spread(1, 2), layerPartition: [24, 8] }, concurrency: 32 }),
    );
    assert.ok(uneven.tokensPerSecondBusy.value > 1.3 * even.tokensPerSecondBusy.value);
  });

  it("reads the experts that a batch touches", () => {
    const moe = shapeOf("Qwen/Qwen3-30B-A3B");
    assert.equal(touchedShare(moe, 1), 8 / 128);
    assert.ok(touchedShare(moe, 8) > 0.4 && touchedShare(moe, 8) < 0.41);
    assert.ok(touchedShare(moe, 256) > 0.999);
    assert.equal(touchedShare(llama8b, 8), 0);
  });

  it("does not spread whole experts evenly over a small batch", () => {
    const moe = shapeOf("Qwen/Qwen3-235B-A22B");
    const gpus = cardsOf(cardOf("h200"), 8);
    const sliced = speedOf(ask(moe, gpus, { layout: spread(8) }));
    const whole = speedOf(ask(moe, gpus, { layout: { ...spread(8), expertParallel: true } }));
    assert.ok(whole.interTokenAlone.value > sliced.interTokenAlone.value);
  });

  it("saves bytes with FP8 on Ampere, and no products", () => {
    const fp8 = shapeOf("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic");
    const [plain, quantized] = [speedOf(ask(llama8b, alone("3090"))), speedOf(ask(fp8, alone("3090")))];
    assert.ok(quantized.interTokenAlone.value < 0.65 * plain.interTokenAlone.value);
    near(quantized.timeToFirstToken, plain.timeToFirstToken.value, 0.001);
    const [ada, adaFp8] = [speedOf(ask(llama8b, alone("4090"))), speedOf(ask(fp8, alone("4090")))];
    assert.ok(adaFp8.timeToFirstToken.value < 0.7 * ada.timeToFirstToken.value);
  });

  it("unpacks 4 bit slower than an H200 reads it, and faster than a 3090 does", () => {
    const awq = shapeOf("Qwen/Qwen3-32B-AWQ");
    assert.equal(speedOf(ask(awq, alone("h200"))).interTokenAlone.boundBy, "compute");
    assert.equal(speedOf(ask(awq, alone("3090"))).interTokenAlone.boundBy, "memory bandwidth");
  });

  it("reads a sliding window's layers no further than the window", () => {
    const gemma = shapeOf("google/gemma-3-27b-it");
    const all = { ...gemma, sliding: { window: gemma.maxContext, globalEvery: 6 } };
    const long = { contextTokens: 65536, concurrency: 1 };
    const [windowed, full] = [ask(gemma, alone("h200"), long), ask(all, alone("h200"), long)].map(
      (request) => speedOf(request).interTokenAlone.value,
    );
    assert.ok(windowed !== undefined && full !== undefined && windowed < 0.85 * full);
  });

  it("keeps MLA's cache small, and whole on every rank", () => {
    const deepseek = shapeOf("deepseek-ai/DeepSeek-V3");
    assert.equal(workOf(deepseek, spread(8)).kvWidth, 512 + 64);
    assert.equal(workOf(llama70b, spread(8)).kvWidth, 2 * 128);
    assert.equal(workOf(llama70b, spread(16)).kvWidth, 2 * 128);
  });

  it("crosses PCIe with offloaded weights in every step", () => {
    const offload = speedOf(ask(llama8b, alone("3060"), { settings: { ...settings, cpuOffloadGib: 6 } }));
    assert.equal(offload.interTokenAlone.boundBy, "link");
    assert.ok(offload.interTokenAlone.value > 0.25);
  });

  it("reads a cache of 8 bit in half the time", () => {
    const own = { contextTokens: 32768, concurrency: 16 };
    const full = speedOf(ask(llama8b, alone("h200"), own)).interTokenBusy.value;
    const half = speedOf(ask(llama8b, alone("h200"), { ...own, settings: { ...settings, kvDtypeBytes: 1 } }));
    assert.ok(half.interTokenBusy.value < 0.65 * full);
  });

  it("shows scheduling when the next step is not scheduled ahead, as over Ray", () => {
    const ray = { settings: { ...settings, asyncScheduling: false } };
    const difference =
      speedOf(ask(llama8b, alone("h200"), ray)).interTokenAlone.value -
      speedOf(ask(llama8b, alone("h200"))).interTokenAlone.value;
    assert.ok(difference > 0.0005 && difference < 0.002);
  });

  it("counts every layer and the head once, however they are divided", () => {
    for (const id of ["google/gemma-3-27b-it", "deepseek-ai/DeepSeek-V3", "zai-org/GLM-4.5-Air"]) {
      const shape = shapeOf(id);
      const [whole] = workOf(shape, spread(1)).stages;
      const parts = workOf(shape, spread(1, 5)).stages;
      for (const key of ["layers", "moeLayers", "globalLayers", "localLayers"] as const) {
        assert.equal(
          parts.reduce((sum, part) => sum + part[key], 0),
          whole?.[key],
          `${id} ${key}`,
        );
      }
      for (const key of ["linear", "plain", "experts", "head"] as const) {
        const bytes = parts.reduce((sum, part) => sum + part[key].bytes, 0);
        assert.ok(Math.abs(bytes - (whole?.[key].bytes ?? NaN)) <= 1, `${id} ${key}`);
      }
    }
  });

  it("takes CUDA graphs for prompts as long as the largest one, and launches longer ones from the CPU", () => {
    const small = shapeOf("Qwen/Qwen3-0.6B");
    const first = (promptTokens: number, maxNumSeqs: number): Figure =>
      speedOf(ask(small, alone("h200"), { promptTokens, settings: { ...settings, maxNumSeqs } })).timeToFirstToken;
    assert.ok(first(513, 256).value > 2 * first(512, 256).value);
    assert.ok(first(129, 64).value > 2 * first(128, 64).value);
    assert.equal(first(513, 256).boundBy, "launch overhead");
    for (const maxNumSeqs of [8, 64, 1024]) {
      const run = { ...defaults, maxNumSeqs };
      assert.equal(Math.max(...graphSizes(run)), Math.min(graphTokensPerSlot * maxNumSeqs, mostGraphTokens));
    }
  });

  it("takes no less than the scheduler for a step, and that for each part of the batch under PP", () => {
    const small = shapeOf("Qwen/Qwen3-0.6B");
    assert.equal(speedOf(ask(small, alone("h200"))).interTokenAlone.value, hostSeconds);
    const pp = speedOf(ask(small, cardsOf(cardOf("h200"), 4), { layout: spread(1, 4) }));
    near(pp.interTokenBusy, 4 * hostSeconds, 1e-9);
    assert.equal(pp.interTokenBusy.boundBy, "launch overhead");
  });

  it("takes work that was summed up before, and refuses another number of GPUs than ranks", () => {
    const request = ask(llama70b, cardsOf(cardOf("a100"), 4), { layout: spread(2, 2) });
    assert.deepEqual(speedOf(request, workOf(request.shape, request.layout)), speedOf(request));
    assert.throws(() => speedOf({ ...request, gpus: request.gpus.slice(1) }), /3 GPUs for 2 x 2 ranks/);
    assert.throws(() => speedOf(request, workOf(request.shape, spread(4))), /work for 1 stages, not 2/);
  });

  it("reads and writes a state for each sequence with linear attention, whatever its length", () => {
    const next = shapeOf("Qwen/Qwen3-Next-80B-A3B-Instruct");
    const at = (contextTokens: number, concurrency: number): number =>
      speedOf(ask(next, cardsOf(cardOf("h200"), 2), { layout: spread(2), contextTokens, concurrency })).interTokenBusy
        .value;
    // 12 layers of one KV head of 256 on a rank: 12 KiB a token.
    const cache = (16 * 100_000 * 12 * 2 * 256 * 2) / (0.82 * 4.8e12);
    assert.ok(Math.abs((at(101_000, 16) - at(1000, 16)) / cache - 1) < 0.01);
    const { linear, ...full } = next;
    assert.ok(linear !== undefined);
    const states = workOf(next, spread(2));
    assert.equal(states.stateBytes, 548_864);
    assert.deepEqual(
      states.stages.map(({ globalLayers, localLayers, linearLayers }) => [globalLayers, localLayers, linearLayers]),
      [[12, 0, 36]],
    );
    assert.equal(workOf(full, spread(2)).stateBytes, 0);
    const wider = { ...next, linear: { ...linear, stateBytes: 4 as const } };
    const more = speedOf(ask(wider, cardsOf(cardOf("h200"), 2), { layout: spread(2), concurrency: 64 }));
    const less = speedOf(ask(next, cardsOf(cardOf("h200"), 2), { layout: spread(2), concurrency: 64 }));
    const states32 = (2 * 64 * 36 * 16 * 128 * 128 * 2) / (0.82 * 4.8e12);
    const longer = more.interTokenBusy.value - less.interTokenBusy.value;
    assert.ok(Math.abs(longer / states32 - 1) < 0.01, `${longer} and ${states32}`);
  });
});
