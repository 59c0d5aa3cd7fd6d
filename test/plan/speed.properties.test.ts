import assert from "node:assert/strict";
import fc from "fast-check";
import { gpuModels, type GpuModel } from "../../catalog/gpus";
import { modelShapes } from "../../catalog/modelShapes";
import type { Gpu } from "../../plan/cluster/hardware";
import { speedOf, type SpeedRequest } from "../../plan/speed";

const slots = fc.record({
  generation: fc.constantFrom(3 as const, 4 as const, 5 as const),
  width: fc.constantFrom(1 as const, 4 as const, 8 as const, 16 as const),
});

const gpus = fc
  .record({
    model: fc.constantFrom(...gpuModels),
    node: fc.constantFrom("a", "b"),
    slot: slots,
    passthrough: fc.boolean(),
    linked: fc.boolean(),
  })
  .map(({ linked, ...own }): Gpu => ({ ...own, id: "", pool: "", ...(linked ? { nvlinkGroup: "all" } : {}) }));

const settings = fc.record({
  maxNumSeqs: fc.integer({ min: 1, max: 256 }),
  maxNumBatchedTokens: fc.integer({ min: 512, max: 16384 }),
  kvDtypeBytes: fc.constantFrom(1 as const, 2 as const),
  enforceEager: fc.boolean(),
  asyncScheduling: fc.boolean(),
  cpuOffloadGib: fc.constantFrom(0, 4),
});

const requests: fc.Arbitrary<SpeedRequest> = fc
  .record({
    shape: fc.constantFrom(...modelShapes),
    tp: fc.constantFrom(1, 2, 4, 8),
    pp: fc.integer({ min: 1, max: 3 }),
    expertParallel: fc.boolean(),
    cards: fc.array(gpus, { minLength: 24, maxLength: 24 }),
    network: fc.record({ gbitPerSecond: fc.constantFrom(1, 10, 100, 400), rdma: fc.boolean() }),
    settings,
    contextTokens: fc.integer({ min: 1, max: 131072 }),
    promptTokens: fc.integer({ min: 1, max: 131072 }),
    concurrency: fc.integer({ min: 1, max: 512 }),
  })
  .map(({ tp, pp, expertParallel, cards, ...own }) => ({
    ...own,
    layout: { tensorParallel: tp, pipelineParallel: pp, expertParallel },
    gpus: cards.slice(0, tp * pp).map((gpu, index) => ({ ...gpu, id: `${gpu.node}/${index}` })),
  }));

/** Rounding of sums in another order. */
const rounding = 1 + 1e-12;

function notSlower(before: SpeedRequest, after: SpeedRequest): void {
  const [a, b] = [speedOf(before), speedOf(after)];
  assert.ok(b.timeToFirstToken.value <= a.timeToFirstToken.value * rounding, "time to first token");
  assert.ok(b.interTokenAlone.value <= a.interTokenAlone.value * rounding, "between tokens alone");
  assert.ok(b.interTokenBusy.value <= a.interTokenBusy.value * rounding, "between tokens busy");
  assert.ok(b.tokensPerSecondBusy.value * rounding >= a.tokensPerSecondBusy.value, "tokens a second");
}

const withCards = (request: SpeedRequest, better: (model: GpuModel) => GpuModel): SpeedRequest => ({
  ...request,
  gpus: request.gpus.map((gpu) => ({ ...gpu, model: better(gpu.model) })),
});

const times = fc.double({ min: 1, max: 8, noNaN: true });
const runs = { numRuns: 200 };

describe("plan/speed properties", () => {
  it("gives finite times above zero that say what bounds them, and the same ones again", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const speed = speedOf(request);
        for (const figure of [speed.timeToFirstToken, speed.interTokenAlone, speed.interTokenBusy]) {
          assert.ok(Number.isFinite(figure.value) && figure.value > 0);
          assert.ok(["memory bandwidth", "compute", "link", "launch overhead"].includes(figure.boundBy));
        }
        assert.deepEqual(speedOf(structuredClone(request)), speed);
      }),
      runs,
    );
  });

  it("is never slower with more bandwidth", () => {
    fc.assert(
      fc.property(requests, times, (request, more) => {
        notSlower(
          request,
          withCards(request, (model) => ({ ...model, bandwidthGBs: model.bandwidthGBs * more })),
        );
      }),
      runs,
    );
  });

  it("is never slower with more operations a second", () => {
    fc.assert(
      fc.property(requests, times, (request, more) => {
        notSlower(
          request,
          withCards(request, (model) => ({
            ...model,
            bf16Tflops: model.bf16Tflops * more,
            int8Tops: model.int8Tops * more,
            ...(model.fp8Tflops === undefined ? {} : { fp8Tflops: model.fp8Tflops * more }),
          })),
        );
      }),
      runs,
    );
  });

  it("is never slower over a faster network, with RDMA, with a better slot, or outside a VM", () => {
    fc.assert(
      fc.property(requests, times, (request, more) => {
        const { gbitPerSecond } = request.network;
        notSlower(request, { ...request, network: { ...request.network, gbitPerSecond: gbitPerSecond * more } });
        notSlower(request, { ...request, network: { gbitPerSecond, rdma: true } });
        const slot = { generation: 5, width: 16 } as const;
        notSlower(request, { ...request, gpus: request.gpus.map((gpu) => ({ ...gpu, slot })) });
        notSlower(request, { ...request, gpus: request.gpus.map((gpu) => ({ ...gpu, passthrough: false })) });
      }),
      runs,
    );
  });

  it("never gives a request its tokens faster when there are more of them, or longer ones", () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: 256 }), (request, more) => {
        notSlower({ ...request, contextTokens: request.contextTokens + more }, request);
        notSlower({ ...request, promptTokens: request.promptTokens + more }, request);
        const speed = speedOf(request);
        assert.ok(speed.interTokenAlone.value <= speed.interTokenBusy.value * rounding);
      }),
      runs,
    );
  });
});
