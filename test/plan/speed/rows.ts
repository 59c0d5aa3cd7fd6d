import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { gpuModel, type GpuModel } from "../../../catalog/gpus";
import type { ModelShape } from "../../../catalog/modelShapes";
import type { Gpu, Network } from "../../../plan/cluster/hardware";
import type { SpeedRequest } from "../../../plan/speed";
import { deepseekV2Lite, shapeOf } from "../memory/cases";

const sets = z.string().optional();
const decode = z.strictObject({
  concurrency: z.int(),
  contextTokens: z.int(),
  tokensPerSecond: z.number(),
  sets,
});
const prefill = z.strictObject({
  promptTokens: z.int(),
  seconds: z.number(),
  sets,
  unexplained: z.string().optional(),
});
const latency = z.strictObject({
  concurrency: z.int(),
  promptTokens: z.int(),
  outputTokens: z.int(),
  seconds: z.number(),
});
const row = z.strictObject({
  case: z.string(),
  source: z.string(),
  engine: z.string(),
  model: z.string(),
  gpu: z.union([
    z.string(),
    z.strictObject({
      like: z.string(),
      bandwidthGBs: z.number(),
      bf16Tflops: z.number().optional(),
      int8Tops: z.number().optional(),
    }),
  ]),
  layout: z.strictObject({
    tensorParallel: z.int(),
    pipelineParallel: z.int(),
  }),
  // False: GPUs of one node without NVLink, although the card can have it.
  bridged: z.boolean().optional(),
  // When fewer than the model has.
  layers: z.int().optional(),
  args: z.strictObject({
    maxNumSeqs: z.int(),
    maxNumBatchedTokens: z.int(),
    enforceEager: z.boolean(),
    asyncScheduling: z.boolean(),
  }),
  assumed: z.array(z.string()).optional(),
  decode: z.array(decode).optional(),
  prefill: z.array(prefill).optional(),
  latency: z.array(latency).optional(),
});

/** One way vLLM was started, and how fast it was. */
export type SpeedRow = z.infer<typeof row>;

const file = readFileSync(join(__dirname, "..", "speed.calibration.json"), "utf8");

/** Every row of test/plan/speed.calibration.json. */
export const speedRows: readonly SpeedRow[] = z
  .strictObject({ what: z.string(), micro: z.unknown(), rows: z.array(row) })
  .parse(JSON.parse(file)).rows;

/** The catalogue's card, which must be there. */
export function cardOf(name: string): GpuModel {
  const card = gpuModel(name);
  assert.ok(card, name);
  return card;
}

function modelOf({ gpu }: SpeedRow): GpuModel {
  if (typeof gpu === "string") return cardOf(gpu);
  const { like, ...own } = gpu;
  const base = cardOf(like);
  return {
    ...base,
    bandwidthGBs: own.bandwidthGBs,
    bf16Tflops: own.bf16Tflops ?? base.bf16Tflops,
    int8Tops: own.int8Tops ?? base.int8Tops,
  };
}

/** So many cards of one node, not joined by NVLink. */
export const bareCardsOf = (model: GpuModel, count: number, own: Partial<Gpu> = {}): readonly Gpu[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `node/${index}`,
    model,
    node: "node",
    pool: "pool",
    slot: { generation: model.pcie.generation, width: 16 },
    passthrough: false,
    ...own,
  }));

/** The same, joined by NVLink if they have it. */
export const cardsOf = (model: GpuModel, count: number): readonly Gpu[] =>
  bareCardsOf(model, count, model.nvlink === undefined ? {} : { nvlinkGroup: "all" });

export const tenGbit: Network = { gbitPerSecond: 10, rdma: false };

function shapeOfRow({ model, layers }: SpeedRow): ModelShape {
  const shape = model === deepseekV2Lite.id ? deepseekV2Lite : shapeOf(model);
  return layers === undefined ? shape : { ...shape, layers };
}

/** What a row asks. The rows' vision models were run as text models, which reads the same in a step. */
export function requestOf(one: SpeedRow, own: Partial<SpeedRequest>): SpeedRequest {
  const { tensorParallel, pipelineParallel } = one.layout;
  return {
    shape: shapeOfRow(one),
    layout: one.layout,
    gpus: (one.bridged === false ? bareCardsOf : cardsOf)(modelOf(one), tensorParallel * pipelineParallel),
    network: tenGbit,
    settings: { ...one.args, kvDtypeBytes: 2 },
    contextTokens: 1024,
    promptTokens: 512,
    concurrency: 1,
    ...own,
  };
}
