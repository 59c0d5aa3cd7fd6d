/** Plans without a stack file: GPUs and models from the command line. */
import type { Fault } from "../../config/errors";
import type { Hardware } from "../../plan/cluster/hardware";
import type { Pins, ServingPlans, ServingRequest } from "../../plan/cluster/types";
import { bestFirst, type Compared } from "../../plan/explain/compare";
import { planServing } from "../../plan/layouts";
import { asTyped } from "./flags";
import type { GivenModel } from "./model";
import { variantsOf } from "../../catalog/variants";

/** What is asked of every model. */
export interface Wanted {
  readonly contextTokens?: number;
  readonly concurrency?: number;
  readonly pins: Pins;
}

const requestOf = ({ shape, weightBytes }: GivenModel, path: string, wanted: Wanted): ServingRequest => ({
  name: shape.id,
  shape,
  path,
  ...wanted,
  ...(weightBytes === undefined ? {} : { weightBytes }),
});

/** All models on the hardware, each on its own GPUs. */
export function whatIf(
  models: readonly GivenModel[],
  hardware: Hardware,
  wanted: Wanted,
): { readonly serving: ServingPlans; readonly faults: readonly Fault[] } {
  const pathOf = (index: number): string => (models.length === 1 ? "model" : `models[${index}]`);
  const requests = models.map((model, index) => requestOf(model, pathOf(index), wanted));
  const { plans, faults } = planServing(requests, hardware);
  return { serving: plans, faults: faults.map(asTyped) };
}

/** One model in all storage formats of the catalogue, the best first. */
export function compareVariants(model: GivenModel, hardware: Hardware, wanted: Wanted): readonly Compared[] {
  const compared = variantsOf(model.shape).map((shape): Compared => {
    const { serving, faults } = whatIf([shape === model.shape ? model : { shape }], hardware, wanted);
    const [plan] = serving.models;
    return { shape, faults, ...(plan === undefined || faults.length > 0 ? {} : { plan }) };
  });
  return bestFirst(compared);
}
