import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ModelShape } from "../../catalog/modelShapes";
import { memoryOf, type EngineSettings, type Layout, type MemoryEstimate } from "../../plan/memory";
import { graphBytes } from "../../plan/memory/graphs";
import { kvCapacity, kvLayout } from "../../plan/memory/kvCache";
import { weightsPerRank } from "../../plan/memory/weights";
import { deepseekV2Lite, defaults, shapeOf } from "./memory/cases";

const args = z.strictObject({
  maxModelLen: z.int(),
  maxNumSeqs: z.int(),
  maxNumBatchedTokens: z.int(),
  gpuMemoryUtilization: z.number(),
  enforceEager: z.boolean(),
  compileCache: z.enum(["cold", "warm"]),
  graphsInBudget: z.boolean(),
});
const measured = z.strictObject({
  weights: z.int().optional(),
  nonTorch: z.int().optional(),
  activations: z.int().optional(),
  graphsEstimate: z.int().optional(),
  graphs: z.int().optional(),
  kv: z.int().optional(),
  kvTokens: z.int().optional(),
});
const row = z.strictObject({
  case: z.string(),
  sets: z.array(z.string()),
  source: z.string(),
  assumed: z.array(z.string()).optional(),
  engine: z.string(),
  model: z.string(),
  textOnly: z.boolean().optional(),
  layout: z.strictObject({ tensorParallel: z.int(), pipelineParallel: z.int() }),
  args: args.optional(),
  maxModelLen: z.int().optional(),
  kvDtypeBytes: z.literal([1, 2]).optional(),
  gpuBytes: z.int().optional(),
  measured,
  // Of measured-h200.json only.
  runner: z.enum(["V1", "V2"]).optional(),
  layers: z.int().optional(),
  lastRank: measured.optional(),
  refused: z.string().optional(),
  startupSeconds: z.number().optional(),
  compileSeconds: z.number().optional(),
  speed: z.unknown().optional(),
});
type Row = z.infer<typeof row>;

function rowsOf(name: string): readonly Row[] {
  const file: unknown = JSON.parse(readFileSync(join(__dirname, name), "utf8"));
  return z.strictObject({ what: z.string(), micro: z.unknown().optional(), rows: z.array(row) }).parse(file).rows;
}

/** Published figures and the first measured ones, and a series measured on H200s. */
const rows = [...rowsOf("calibration.json"), ...rowsOf("measured-h200.json")];

function shapeOfRow({ model, textOnly, layers }: Row): ModelShape {
  const { visionParams, ...text } = model === deepseekV2Lite.id ? deepseekV2Lite : shapeOf(model);
  const whole = textOnly === true || visionParams === undefined ? text : { ...text, visionParams };
  return layers === undefined ? whole : { ...whole, layers };
}

const hopper = ({ source }: Row): number | undefined => (source.includes("H200") ? 90 : undefined);

const settingsOf = (one: Row, own: Partial<EngineSettings> = {}): EngineSettings => {
  const computeCapability = hopper(one);
  const kernels = computeCapability === undefined ? {} : { computeCapability };
  return { ...defaults, kvDtypeBytes: one.kvDtypeBytes ?? 2, ...kernels, ...one.args, ...own };
};

/** The whole estimate, for rows that say how vLLM was started. */
function estimateOf(one: Row): MemoryEstimate | undefined {
  if (one.args === undefined || one.gpuBytes === undefined) return undefined;
  const gpuBytes = Array<number>(one.layout.pipelineParallel).fill(one.gpuBytes);
  return memoryOf({ shape: shapeOfRow(one), layout: one.layout, settings: settingsOf(one), gpuBytes });
}

function near(found: number, wanted: number, share: number, what: string): void {
  const off = found / wanted - 1;
  assert.ok(Math.abs(off) <= share, `${what}: ${found} and measured ${wanted}, ${(100 * off).toFixed(2)} % off`);
}

const weightsOf = (one: Row): number => weightsPerRank(shapeOfRow(one), one.layout, hopper(one))[0]?.total ?? 0;

const poolTokens = (one: Row, maxModelLen: number, bytes: readonly number[]): number => {
  const layout: Layout = one.layout;
  return kvCapacity(kvLayout(shapeOfRow(one), layout, settingsOf(one, { maxModelLen })), bytes, maxModelLen).tokens;
};

describe("plan/memory against measured rows", () => {
  for (const one of rows) {
    const label = `${one.case} (${one.sets.length === 0 ? "checks" : `sets ${one.sets.join(", ")}`})`;
    const { weights, kvTokens, kv } = one.measured;

    if (weights !== undefined)
      it(`weights within 1.5 %: ${label}`, () => near(weightsOf(one), weights, 0.015, "weights"));

    const estimate = estimateOf(one);
    if (kvTokens !== undefined && estimate !== undefined)
      it(`KV tokens within 8 %: ${label}`, () => {
        near(estimate.kv.tokens, kvTokens, 0.08, "KV tokens");
        assert.ok(estimate.fits);
      });

    if (one.refused !== undefined) it(`does not start: ${label}`, () => assert.equal(estimate?.fits, false));

    const length = one.args?.maxModelLen ?? one.maxModelLen;
    if (kvTokens !== undefined && kv !== undefined && length !== undefined)
      it(`tokens from the measured cache within 1.5 %: ${label}`, () =>
        near(
          poolTokens(one, length, one.lastRank?.kv === undefined ? [kv] : [kv, one.lastRank.kv]),
          kvTokens,
          0.015,
          "tokens",
        ));
  }

  it("has rows that set no factor, for weights and for KV tokens", () => {
    const checks = rows.filter(({ sets }) => sets.length === 0);
    assert.ok(checks.filter((one) => one.measured.weights !== undefined).length >= 10);
    assert.ok(checks.filter((one) => one.measured.kvTokens !== undefined && one.args !== undefined).length >= 20);
  });

  it("gives each part of a small budget, where a mistake shows", () => {
    for (const one of rows.filter(
      ({ case: name }) => name.startsWith("llama8b-24g") || name.startsWith("gemma27b-40g"),
    )) {
      const [rank] = estimateOf(one)?.ranks ?? [];
      assert.ok(rank);
      near(rank.activations, one.measured.activations ?? 0, 0.001, `${one.case} activations`);
      near(rank.nonTorch, one.measured.nonTorch ?? 0, 0.001, `${one.case} outside PyTorch`);
    }
  });

  it("gives activations and what is outside PyTorch within 10 % on H200s, on every rank", () => {
    for (const one of rows.filter(({ runner }) => runner !== undefined)) {
      const [first, last] = estimateOf(one)?.ranks ?? [];
      assert.ok(first);
      near(first.activations, one.measured.activations ?? 0, 0.1, `${one.case} activations`);
      near(first.nonTorch, one.measured.nonTorch ?? 0, 0.1, `${one.case} outside PyTorch`);
      if (last !== undefined)
        near(last.activations, one.lastRank?.activations ?? 0, 0.1, `${one.case} activations of the last rank`);
    }
  });

  it("gives CUDA graphs within 30 %", () => {
    for (const one of rows) {
      const { graphs } = one.measured;
      if (graphs === undefined || one.args === undefined) continue;
      near(graphBytes(shapeOfRow(one), one.layout, one.args)[0] ?? 0, graphs, 0.3, `${one.case} graphs`);
    }
  });

  it("has fewer tokens after a cold start than after a warm one", () => {
    const tokens = (name: string): number => {
      const one = rows.find((other) => other.case === name);
      assert.ok(one);
      return estimateOf(one)?.kv.tokens ?? 0;
    };
    assert.ok(tokens("llama8b-24g-cold") < tokens("llama8b-24g-warm"));
  });
});
