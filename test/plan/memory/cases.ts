import assert from "node:assert/strict";
import { modelShape, type ModelShape } from "../../../catalog/modelShapes";
import { plainDecoder, sizes } from "../../../catalog/shapes/modelShape";
import type { EngineSettings, Layout } from "../../../plan/memory";

/** TP x PP. */
export const spread = (tensorParallel: number, pipelineParallel = 1): Layout => ({ tensorParallel, pipelineParallel });

/** The catalogue's row, which must be there. */
export function shapeOf(id: string): ModelShape {
  const shape = modelShape(id);
  assert.ok(shape, id);
  return shape;
}

/** Not in the catalogue: MLA without compressed queries, experts on the V2 model runner. From its config.json. */
export const deepseekV2Lite: ModelShape = {
  ...plainDecoder,
  ...sizes([27, 2048, 16, 16, 192, 10944]),
  id: "deepseek-ai/DeepSeek-V2-Lite",
  vocab: 102400,
  maxContext: 163840,
  rope: { rows: 163840, dim: 64 },
  mla: { qLoraRank: 0, kvLoraRank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128 },
  moe: {
    experts: 64,
    perToken: 6,
    intermediate: 1408,
    sharedIntermediate: 2816,
    denseLayers: 1,
    biases: false,
    routerCorrection: false,
  },
  source: "its config.json, from memory",
};

/** vLLM's defaults on a card with less than 70 GiB. */
export const defaults: EngineSettings = {
  maxModelLen: 8192,
  maxNumSeqs: 256,
  maxNumBatchedTokens: 2048,
  kvDtypeBytes: 2,
  blockSize: 16,
  asyncScheduling: true,
  enforceEager: false,
  compileCache: "warm",
  gpuMemoryUtilization: 0.9,
};

export const GIB = 2 ** 30;
export const MIB = 2 ** 20;
