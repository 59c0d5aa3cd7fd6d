import assert from "node:assert/strict";
import fc from "fast-check";
import { modelShapes } from "../../catalog/modelShapes";
import { memoryOf, type EngineSettings, type MemoryRequest } from "../../plan/memory";
import { weightsPerRank } from "../../plan/memory/weights";
import { defaults, GIB, spread } from "./memory/cases";

const shapes = fc.constantFrom(...modelShapes);
const powers = fc.constantFrom(1, 2, 4, 8);

const settings: fc.Arbitrary<EngineSettings> = fc
  .record({
    maxModelLen: fc.integer({ min: 16, max: 131072 }),
    maxNumSeqs: fc.integer({ min: 1, max: 1024 }),
    maxNumBatchedTokens: fc.integer({ min: 1024, max: 16384 }),
    compileCache: fc.constantFrom("cold" as const, "warm" as const),
    enforceEager: fc.boolean(),
    asyncScheduling: fc.boolean(),
    gpuMemoryUtilization: fc.double({ min: 0.5, max: 1, noNaN: true }),
  })
  .map((own) => ({ ...defaults, ...own }));

const requests: fc.Arbitrary<MemoryRequest> = fc
  .record({
    shape: shapes,
    tp: powers,
    pp: fc.integer({ min: 1, max: 4 }),
    settings,
    gib: fc.integer({ min: 8, max: 288 }),
  })
  .map(({ shape, tp, pp, settings: own, gib }) => ({
    shape,
    layout: spread(tp, pp),
    settings: own,
    gpuBytes: Array<number>(pp).fill(gib * GIB),
  }));

describe("plan/memory properties", () => {
  it("never goes above the budget, and says so when it cannot be kept", () => {
    fc.assert(
      fc.property(requests, (request) => {
        for (const { budget, weights, nonTorch, activations, graphs, kvCache, missing } of memoryOf(request).ranks) {
          const used = weights.total + nonTorch + activations + graphs + kvCache;
          assert.ok(missing > 0 ? used === budget + missing && kvCache === 0 : used === budget);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never has fewer KV tokens with more memory, and never stops fitting", () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: 64 }), (request, more) => {
        const before = memoryOf(request);
        const after = memoryOf({ ...request, gpuBytes: request.gpuBytes.map((own) => own + more * GIB) });
        assert.ok(after.kv.tokens >= before.kv.tokens);
        assert.ok(after.fits || !before.fits);
      }),
      { numRuns: 150 },
    );
  });

  it("never has more weights on a rank with more TP, nor in all PP ranks together fewer than on one", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(1, 2, 4), fc.integer({ min: 1, max: 4 }), (shape, tp, pp) => {
        const one = weightsPerRank(shape, spread(tp, pp));
        const two = weightsPerRank(shape, spread(2 * tp, pp));
        one.forEach(({ total }, rank) => assert.ok((two[rank]?.total ?? 0) <= total, `${shape.id} ${tp} x ${pp}`));
        const sum = one.reduce((all, { total }) => all + total, 0);
        assert.ok(sum >= (weightsPerRank(shape, spread(tp))[0]?.total ?? 0));
      }),
      { numRuns: 150 },
    );
  });

  it("never has fewer KV tokens warm than cold, or with a smaller batch", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const tokens = (own: Partial<EngineSettings>): number =>
          memoryOf({ ...request, settings: { ...request.settings, ...own } }).kv.tokens;
        assert.ok(tokens({ compileCache: "warm" }) >= tokens({ compileCache: "cold" }));
        const batch = request.settings.maxNumBatchedTokens;
        assert.ok(tokens({ maxNumBatchedTokens: Math.floor(batch / 2) }) >= tokens({}));
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same answer to the same request", () => {
    fc.assert(
      fc.property(requests, (request) => assert.deepEqual(memoryOf(request), memoryOf(structuredClone(request)))),
      { numRuns: 50 },
    );
  });
});
