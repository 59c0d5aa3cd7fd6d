import assert from "node:assert/strict";
import fc from "fast-check";
import { gpuModels, type GpuModel } from "../../catalog/gpus";
import { modelShapes } from "../../catalog/modelShapes";
import type { Gpu, Hardware } from "../../plan/cluster/hardware";
import type { Pins, ServingPlan, ServingRequest } from "../../plan/cluster/types";
import { planServing } from "../../plan/layouts";
import { memoryOf } from "../../plan/memory";
import { brokenRules } from "../../plan/rules";
import { nodeOf } from "./support/servingPlans";

const MIB = 2 ** 20;

const nodes = fc.record({
  card: fc.constantFrom(...gpuModels.map(({ id }) => id)),
  gpus: fc.constantFrom(1, 1, 2, 3, 4, 8),
  count: fc.integer({ min: 1, max: 3 }),
  nvlink: fc.boolean(),
  passthrough: fc.boolean(),
});

const hardwareOf = (pools: number): fc.Arbitrary<Hardware> =>
  fc.record({
    gpus: fc.array(nodes, { minLength: 1, maxLength: pools }).map((pools) =>
      pools.flatMap(({ card, gpus, count, nvlink, passthrough }, pool) =>
        Array.from({ length: count }, (_, index) => {
          const node = `pool${pool}-${index}`;
          return nodeOf(node, card, gpus, {
            pool: `pool${pool}`,
            passthrough,
            ...(nvlink ? { nvlinkGroup: node } : {}),
          });
        }).flat(),
      ),
    ),
    network: fc.record({ gbitPerSecond: fc.constantFrom(1, 10, 25, 100, 400), rdma: fc.boolean() }),
  });

const hardware = hardwareOf(3);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });

/** Leaves out what is undefined, as a parsed configuration does. */
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, own]) => own !== undefined)) as T; // a filter keeps the type

const pins: fc.Arbitrary<Pins> = fc
  .record({
    tensorParallel: maybe(fc.integer({ min: 1, max: 9 })),
    pipelineParallel: maybe(fc.integer({ min: 1, max: 4 })),
    replicas: maybe(fc.integer({ min: 1, max: 3 })),
    gpuMemoryUtilization: maybe(fc.constantFrom(0.5, 0.85, 0.95)),
    maxNumBatchedTokens: maybe(fc.constantFrom(512, 4096)),
    kvCacheDtype: maybe(fc.constantFrom("auto", "fp8")),
    enforceEager: maybe(fc.boolean()),
    expertParallel: maybe(fc.boolean()),
    cpuOffloadGib: maybe(fc.integer({ min: 0, max: 16 })),
    layerPartition: maybe(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 })),
    tensorParallelOverNetwork: maybe(fc.boolean()),
  })
  .map((own) => present(own) as Pins); // undefined keys are gone

const requestWith = (own: fc.Arbitrary<Pins>): fc.Arbitrary<ServingRequest> =>
  fc
    .record({
      shape: fc.constantFrom(...modelShapes),
      contextTokens: maybe(fc.constantFrom(2048, 8192, 32768)),
      concurrency: maybe(fc.integer({ min: 1, max: 300 })),
      pins: own,
    })
    .map(
      ({ shape, ...rest }) =>
        ({ name: shape.id, path: "models[0]", shape, ...present(rest), pins: rest.pins }) as ServingRequest,
    );

const free = requestWith(fc.constant({}));
const pinned = requestWith(pins);

/** Plans of these requests, each under its own name and path. */
const planAll = (requests: readonly ServingRequest[], on: Hardware): ReturnType<typeof planServing> =>
  planServing(
    requests.map((request, index) => ({ ...request, name: `m${index}`, path: `models[${index}]` })),
    on,
  );

function cardsOf(plan: ServingPlan, { gpus }: Hardware): readonly (readonly Gpu[])[] {
  const byId = new Map(gpus.map((gpu) => [gpu.id, gpu]));
  return Array.from({ length: plan.layout.pipelineParallel }, (_, rank) =>
    plan.ranks.flatMap(({ pipelineRank, gpu }) => (pipelineRank === rank ? (byId.get(gpu) ?? []) : [])),
  );
}

/** Everything that must be true of a plan, whatever was asked. */
function holdsTogether(plan: ServingPlan, request: ServingRequest, on: Hardware): void {
  const { layout, engine, memory, shape, ranks } = plan;
  const stages = cardsOf(plan, on);
  assert.equal(ranks.length, layout.tensorParallel * layout.pipelineParallel * plan.replicas);
  const cards = stages.flat().map(({ model }) => model);
  const candidate = { shape, layout, gpus: cards, dtype: engine.dtype, kvCacheDtype: engine.kvCacheDtype };
  assert.deepEqual(brokenRules({ ...candidate, contextTokens: engine.maxModelLen, pins: request.pins }), []);
  assert.ok(memory.warm.fits);
  for (const rank of memory.warm.ranks) {
    const used = rank.weights.total + rank.nonTorch + rank.activations + rank.graphs + rank.kvCache;
    assert.ok(used <= rank.budget, `${used} > ${rank.budget}`);
  }
  if (engine.cpuOffloadGib > 0) return;
  const gpuBytes = stages.map((gpus) => Math.min(...gpus.map(({ model }) => model.cudaTotalMib * MIB)));
  const kvDtypeBytes = engine.kvCacheDtype === "fp8" ? 1 : 2;
  const computeCapability = Math.min(...cards.map((card) => card.computeCapability));
  for (const compileCache of ["warm", "cold"] as const) {
    const settings = { ...engine, kvDtypeBytes, computeCapability, compileCache } as const;
    assert.deepEqual(memory[compileCache], memoryOf({ shape, layout, settings, gpuBytes }));
  }
}

/** TP groups are alike, and in one node unless the network may carry them. */
function groupsAreAlike(plan: ServingPlan, request: ServingRequest, { gpus, network }: Hardware): void {
  const byId = new Map(gpus.map((gpu) => [gpu.id, gpu]));
  const groups = new Map<string, Gpu[]>();
  for (const { replica, pipelineRank, gpu } of plan.ranks) {
    const key = `${replica}.${pipelineRank}`;
    const own = byId.get(gpu);
    if (own !== undefined) groups.set(key, [...(groups.get(key) ?? []), own]);
  }
  const crosses = request.pins.tensorParallelOverNetwork === true || (network.rdma && network.gbitPerSecond >= 100);
  for (const group of groups.values()) {
    assert.equal(new Set(group.map(({ model }) => model.id)).size, 1);
    if (!crosses) assert.equal(new Set(group.map(({ node }) => node)).size, 1);
  }
}

function keepsPins({ layout, replicas, engine }: ServingPlan, { pins: own, contextTokens }: ServingRequest): void {
  const kept: Partial<Record<keyof Pins, unknown>> = {
    tensorParallel: layout.tensorParallel,
    pipelineParallel: layout.pipelineParallel,
    layerPartition: layout.layerPartition,
    expertParallel: layout.expertParallel,
    replicas,
    gpuMemoryUtilization: engine.gpuMemoryUtilization,
    maxNumBatchedTokens: engine.maxNumBatchedTokens,
    kvCacheDtype: engine.kvCacheDtype,
    enforceEager: engine.enforceEager,
    cpuOffloadGib: engine.cpuOffloadGib,
  };
  for (const [name, value] of Object.entries(kept)) {
    const asked = own[name as keyof Pins]; // keys of `kept` are keys of Pins
    if (asked !== undefined) assert.deepEqual(value, asked, name);
  }
  if (contextTokens !== undefined) assert.equal(engine.maxModelLen, contextTokens);
}

const withCards = (on: Hardware, change: (card: GpuModel) => GpuModel): Hardware => ({
  ...on,
  gpus: on.gpus.map((gpu) => ({ ...gpu, model: change(gpu.model) })),
});

const isPlanned = (request: ServingRequest, on: Hardware): boolean => planServing([request], on).faults.length === 0;

describe("planServing, whatever is asked", () => {
  it("plans within budget, rules and memory, or says a fault; pins are kept", () => {
    fc.assert(
      fc.property(pinned, hardware, (request, on) => {
        const { plans, faults } = planServing([request], on);
        const [plan] = plans.models;
        assert.equal(plan === undefined, faults.length > 0);
        for (const { path } of faults) assert.ok(path.startsWith("models[0]."), path);
        if (plan === undefined) return;
        holdsTogether(plan, request, on);
        groupsAreAlike(plan, request, on);
        keepsPins(plan, request);
      }),
      { numRuns: 400 },
    );
  });

  it("uses each GPU once over all models, and says of every other one why not", () => {
    fc.assert(
      fc.property(fc.array(free, { minLength: 1, maxLength: 3 }), hardware, (requests, on) => {
        const { plans, faults } = planAll(requests, on);
        assert.ok(plans.models.length + faults.length >= requests.length);
        const used = plans.models.flatMap(({ ranks }) => ranks.map(({ gpu }) => gpu));
        assert.equal(new Set(used).size, used.length);
        const all = [...used, ...plans.idle.map(({ gpu }) => gpu)].sort();
        assert.deepEqual(all, on.gpus.map(({ id }) => id).sort());
      }),
      { numRuns: 150 },
    );
  });

  it("answers the same question in the same way", () => {
    fc.assert(
      fc.property(fc.array(pinned, { minLength: 1, maxLength: 2 }), hardware, (requests, on) => {
        assert.deepEqual(planAll(requests, on), planAll(requests, on));
      }),
      { numRuns: 60 },
    );
  });
});

describe("planServing, with more of everything", () => {
  const more: readonly [string, (on: Hardware) => Hardware][] = [
    ["memory", (on) => withCards(on, (card) => ({ ...card, cudaTotalMib: card.cudaTotalMib + 6000 }))],
    ["bandwidth", (on) => withCards(on, (card) => ({ ...card, bandwidthGBs: card.bandwidthGBs * 1.5 }))],
    ["network", (on) => ({ ...on, network: { ...on.network, gbitPerSecond: on.network.gbitPerSecond * 4 } })],
    ["GPUs", (on) => ({ ...on, gpus: [...on.gpus, ...nodeOf("more", "3090", 2), ...nodeOf("other", "a100", 1)] })],
  ];
  for (const [what, change] of more) {
    it(`still plans what it planned: ${what}`, () => {
      fc.assert(
        fc.property(pinned, hardware, (request, on) => {
          if (isPlanned(request, on)) assert.ok(isPlanned(request, change(on)));
        }),
        { numRuns: 150 },
      );
    });
  }

  it("is never slower with the same layout on the same kind of card", () => {
    const layout = fc.record({ tensorParallel: fc.constantFrom(1, 2), pipelineParallel: fc.constantFrom(1, 2) });
    const asked = requestWith(layout.map((own) => ({ ...own, replicas: 1 }))).map((request) => ({
      ...request,
      contextTokens: 4096,
      concurrency: 4,
    }));
    fc.assert(
      fc.property(asked, hardwareOf(1), fc.constantFrom(...more.slice(0, 3)), (request, on, [what, change]) => {
        const [before] = planServing([request], on).plans.models;
        const [after] = planServing([request], change(on)).plans.models;
        if (before === undefined) return;
        assert.ok(after);
        for (const figure of ["interTokenAlone", "interTokenBusy", "timeToFirstToken"] as const) {
          assert.ok(after.speed[figure].value <= before.speed[figure].value * 1.000001, `${what}: ${figure}`);
        }
      }),
      { numRuns: 150 },
    );
  });
});
