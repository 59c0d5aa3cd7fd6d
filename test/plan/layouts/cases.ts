import assert from "node:assert/strict";
import { formatFault, type Fault } from "../../../config/errors";
import type { Gpu, Hardware, Network } from "../../../plan/cluster/hardware";
import type { ServingPlan, ServingPlans, ServingRequest } from "../../../plan/cluster/types";
import { planServing } from "../../../plan/layouts";
import { shapeOf } from "../memory/cases";
import { nodeOf, nodesOf } from "../support/servingPlans";

export const tenGbe: Network = { gbitPerSecond: 10, rdma: false };

/** Gemma 3 27B in 4 bit, for one card of 24 GB. */
export const gemma = "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g";

/** Three RTX 3090 and an RTX 3060, each passed through to a VM of its own. */
export const homelab: Hardware = {
  gpus: [...nodesOf("gpu", 3, "3090", 1, { passthrough: true }), ...nodeOf("small", "3060", 1, { passthrough: true })],
  network: tenGbe,
};

/** GPUs on a network of 10 Gb/s. */
export const on = (gpus: readonly Gpu[], network: Network = tenGbe): Hardware => ({ gpus, network });

/** Eight A100 joined by NVLink in one machine. */
export const eightA100: Hardware = on(nodeOf("a100", "a100", 8, { nvlinkGroup: "a100" }));

export const ask = (model: string, more: Partial<ServingRequest> = {}, index = 0): ServingRequest => ({
  name: model,
  shape: shapeOf(model),
  path: `models[${index}]`,
  pins: {},
  ...more,
});

/** Plans that must come out without a fault. */
export function planned(requests: readonly ServingRequest[], hardware: Hardware): ServingPlans {
  const { plans, faults } = planServing(requests, hardware);
  assert.deepEqual(faults.map(formatFault), []);
  assert.equal(plans.models.length, requests.length);
  return plans;
}

/** The one model's plan. */
export function plannedOne(model: string, hardware: Hardware, more: Partial<ServingRequest> = {}): ServingPlan {
  const [plan] = planned([ask(model, more)], hardware).models;
  assert.ok(plan);
  return plan;
}

/** The one fault of a request that cannot be planned. */
export function refused(model: string, hardware: Hardware, more: Partial<ServingRequest> = {}): Fault {
  const { plans, faults } = planServing([ask(model, more)], hardware);
  assert.deepEqual(plans.models, []);
  const [fault, ...others] = faults;
  assert.ok(fault);
  assert.deepEqual(others, []);
  return fault;
}

/** TP x PP x replicas. */
export const sizesOf = ({ layout, replicas }: ServingPlan): readonly [number, number, number] => [
  layout.tensorParallel,
  layout.pipelineParallel,
  replicas,
];

/** Ids of the GPUs that a plan uses, in the order of its ranks. */
export const gpusOf = ({ ranks }: ServingPlan): readonly string[] => ranks.map(({ gpu }) => gpu);
