import assert from "node:assert/strict";
import fc from "fast-check";
import { ProfileError } from "../../config/errors";
import { kvBytesPerToken, overheadGib } from "../../plan/fit";
import { makePlan, type LocalFacts, type ModelFacts, type LocalStackPlan } from "../../plan/plan";
import { profileOf } from "./cases";

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 1 });

const modelFacts: fc.Arbitrary<ModelFacts> = fc.record({
  kind: fc.constant("huggingface" as const),
  contextLimit: maybe(fc.integer({ min: 16, max: 1_000_000 })),
  layers: maybe(fc.integer({ min: 1, max: 120 })),
  kvHeads: maybe(fc.integer({ min: 1, max: 128 })),
  headDim: maybe(fc.constantFrom(16, 64, 128, 256)),
  weightsBytes: maybe(fc.integer({ min: 1, max: 40 * 2 ** 30 })),
  dtypeBytes: maybe(fc.constantFrom(1, 2, 4)),
});

const gpu = fc.record({
  name: fc.constant("GPU"),
  memoryMib: fc.integer({ min: 2048, max: 200_000 }),
  driver: fc.constantFrom("535.1", "580.1", "590.44.01"),
});

const machine: fc.Arbitrary<LocalFacts> = fc.record({
  cpus: fc.integer({ min: 1, max: 256 }),
  memoryGib: fc.double({ min: 4, max: 256, noNaN: true }),
  gpus: fc.array(gpu, { maxLength: 3 }),
  models: modelFacts.map((facts): Record<string, ModelFacts> => ({ "org/name": facts })),
  lockHashes: fc.constant({ cpu: "c", cuda: "d" }),
});

const profile = fc
  .record({
    accelerator: fc.constantFrom("auto", "auto", "cpu", "cpu", "cuda"),
    kvCacheGib: rarely(fc.integer({ min: 1, max: 20 })),
    memoryGib: rarely(fc.double({ min: 4, max: 64, noNaN: true })),
    contextTokens: rarely(fc.integer({ min: 16, max: 8192 })),
    concurrency: rarely(fc.integer({ min: 1, max: 64 })),
    maxTokens: maybe(fc.integer({ min: 1, max: 100_000 })),
  })
  .map(({ contextTokens, concurrency, maxTokens, ...platform }) =>
    profileOf(platform, { source: "org/name", contextTokens, concurrency }, { maxTokens }),
  );

/** The plan, or undefined when it was refused; anything thrown but a ProfileError is the failure. */
function planned(asked: ReturnType<typeof profileOf>, facts: LocalFacts): LocalStackPlan | undefined {
  try {
    return makePlan(asked, facts);
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    assert.ok(error.faults.length > 0);
    return undefined;
  }
}

/** Checks a property on the cases that can be planned, and that there are enough of them to mean something. */
function check(property: (plan: LocalStackPlan, facts: LocalFacts, asked: ReturnType<typeof profileOf>) => void): void {
  let accepted = 0;
  fc.assert(
    fc.property(profile, machine, (asked, facts) => {
      const plan = planned(asked, facts);
      if (plan === undefined) return;
      accepted += 1;
      property(plan, facts, asked);
    }),
    { numRuns: 600 },
  );
  assert.ok(accepted > 100, `only ${accepted} plans`);
}

describe("every plan", () => {
  it("stays within the memory: weights, engine and KV cache", () => {
    check((plan, facts, asked) => {
      const [model] = plan.models;
      const { gpu: used, accelerator } = plan.local;
      const total =
        used === undefined ? Math.min(asked.platform.memoryGib ?? Infinity, facts.memoryGib) : used.memoryMib / 1024;
      const weights = (facts.models["org/name"]?.weightsBytes ?? 0) / 2 ** 30;
      assert.ok(weights + overheadGib[accelerator] + (model?.kvCacheGib ?? 0) <= total + 1e-6);
      assert.ok((model?.kvCacheGib ?? 0) >= 1 / 16);
    });
  });

  it("holds the whole context in every slot, when the model's size is known", () => {
    check((plan, facts) => {
      const [model] = plan.models;
      const perToken = kvBytesPerToken(facts.models["org/name"] ?? { kind: "huggingface" });
      if (model === undefined || perToken === undefined) return;
      assert.ok(model.maxModelLen * model.maxNumSeqs * perToken <= model.kvCacheGib * 2 ** 30);
    });
  });

  it("keeps what was asked for and stays within the model's limit", () => {
    check((plan, facts, { models: [asked], platform, gateway }) => {
      const [model] = plan.models;
      const limit = facts.models["org/name"]?.contextLimit ?? Infinity;
      assert.ok(model !== undefined && asked !== undefined && model.maxModelLen <= limit);
      assert.equal(model.maxModelLen, asked.contextTokens ?? model.maxModelLen);
      assert.equal(model.maxNumSeqs, asked.concurrency ?? model.maxNumSeqs);
      assert.equal(model.kvCacheGib, platform.kvCacheGib ?? model.kvCacheGib);
      assert.ok(plan.gateway.limits.maxTokens <= Math.min(gateway.maxTokens, model.maxModelLen));
      assert.equal(plan.local.ray.ompThreads + plan.local.ray.reservedCores, facts.cpus);
    });
  });

  it("is the same for the same input, and plain data", () => {
    check((plan, facts, asked) => {
      assert.deepEqual(makePlan(structuredClone(asked), structuredClone(facts)), plan);
      assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
    });
  });

  it("is not refused for more memory", () => {
    check((_plan, facts, asked) => {
      assert.ok(planned(asked, { ...facts, memoryGib: facts.memoryGib * 2 }));
    });
  });
});
