/** Candidates to start a case from. */
import assert from "node:assert/strict";
import { gpuModel, type GpuModel } from "../../../catalog/gpus";
import { modelShape, type ModelShape } from "../../../catalog/modelShapes";
import type { Gpu } from "../../../plan/cluster/hardware";
import type { Candidate } from "../../../plan/rules/types";

export function shapeOf(id: string): ModelShape {
  const shape = modelShape(id);
  assert.ok(shape !== undefined, id);
  return shape;
}

export function card(name: string): GpuModel {
  const model = gpuModel(name);
  assert.ok(model !== undefined, name);
  return model;
}

/** A card of the generation before Ampere; none is in the catalogue. */
export const turing: GpuModel = { ...card("rtx-3060"), id: "t4", name: "T4", computeCapability: 75 };

/** A model of the catalogue at TP x PP on H100s, in bfloat16, nothing pinned. */
export function candidate(id: string, tp: number, pp = 1, more: Partial<Candidate> = {}): Candidate {
  return {
    shape: shapeOf(id),
    layout: { tensorParallel: tp, pipelineParallel: pp },
    gpus: [card("h100")],
    dtype: "bfloat16",
    kvCacheDtype: "auto",
    pins: {},
    ...more,
  };
}

/** So many cards of one kind in one node; NVLink joins all of them when `group` is given. */
export function cards(name: string, count: number, more: Partial<Gpu> = {}): readonly Gpu[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `n/${index}`,
    model: card(name),
    node: "n",
    pool: "p",
    slot: { generation: 4, width: 16 },
    passthrough: false,
    ...more,
  }));
}
