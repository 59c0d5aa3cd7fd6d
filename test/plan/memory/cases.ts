import assert from "node:assert/strict";
import { modelShape, type ModelShape } from "../../../catalog/modelShapes";
import type { EngineSettings, Layout } from "../../../plan/memory";

/** TP x PP. */
export const spread = (tensorParallel: number, pipelineParallel = 1): Layout => ({ tensorParallel, pipelineParallel });

/** The catalogue's row, which must be there. */
export function shapeOf(id: string): ModelShape {
  const shape = modelShape(id);
  assert.ok(shape, id);
  return shape;
}

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
