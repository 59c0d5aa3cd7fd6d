/** Which layout each model gets, on which GPUs, with which settings: the door of `layouts/`. */
import type { Fault } from "../config/errors";
import type { Gpu, Hardware } from "./cluster/hardware";
import type { ServingPlan, ServingPlans, ServingRequest } from "./cluster/types";
import { assign } from "./layouts/assign";
import { crowdedOut, layoutFaults, pinFaults, type Asked } from "./layouts/faults";
import { idleGpus } from "./layouts/idle";
import { cardPools } from "./layouts/pools";
import { search, type Found } from "./layouts/search";
import { servingPlan } from "./layouts/servingPlan";

/** What is planned, and every fault that was found; a model with a fault has no plan. */
export interface ServingAnswer {
  readonly plans: ServingPlans;
  readonly faults: readonly Fault[];
}

const mayUse =
  ({ pins }: ServingRequest) =>
  ({ pool }: { pool: string }): boolean =>
    pins.pools === undefined || pins.pools.includes(pool);

interface Placing {
  readonly asked: Asked;
  readonly found?: Found;
  readonly faults: readonly Fault[];
}

function look(request: ServingRequest, hardware: Hardware, beside: boolean): Placing {
  const gpus = request.pins.pools === undefined ? hardware.gpus : hardware.gpus.filter(mayUse(request));
  const asked: Asked = { request, hardware, pools: cardPools(gpus) };
  const wrong = pinFaults(asked);
  if (wrong.length > 0) return { asked, faults: wrong };
  const found = search(asked, beside);
  return found.ranked.length > 0
    ? { asked, found, faults: [] }
    : { asked, found, faults: layoutFaults(asked, found.failed) };
}

/**
 * Plans all models on the hardware. Same requests and hardware, same answer. Each GPU is used at most once; what the user
 * pinned is kept, or refused with a fault. Models come in the order of the list; a later one is not starved by an
 * earlier one that had a choice.
 */
export function planServing(requests: readonly ServingRequest[], hardware: Hardware): ServingAnswer {
  const placings = requests.map((request) => look(request, hardware, requests.length > 1));
  const wishes = placings.map(({ found, asked: { request } }) => ({
    options: found?.ranked ?? [],
    least: request.pins.replicas ?? 1,
    most: request.pins.replicas ?? Infinity,
  }));
  const assigned = assign(wishes);
  const models: ServingPlan[] = [];
  const faults: Fault[] = [];
  placings.forEach(({ asked, found, faults: own }, index) => {
    const place = assigned[index];
    faults.push(...own);
    if (found === undefined || own.length > 0) return;
    const [best] = found.ranked;
    if (place !== undefined) models.push(servingPlan(asked, found, place));
    else if (best !== undefined) {
      const others = requests.filter((_request, other) => other !== index && assigned[other] !== undefined);
      faults.push(
        crowdedOut(
          asked,
          best,
          others.map(({ name }) => name),
        ),
      );
    }
  });
  const options = placings[0]?.found;
  const mayServe = (gpu: Gpu): boolean => requests.some((request) => mayUse(request)(gpu));
  const idle = idleGpus(
    hardware.gpus,
    mayServe,
    models,
    options === undefined ? [] : [...options.ranked, ...options.failed],
  );
  return { plans: { models, idle }, faults };
}
