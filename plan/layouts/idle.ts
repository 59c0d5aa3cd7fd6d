/** GPUs that no model uses: why, and what each could do instead. */
import { MIB } from "../../catalog/units";
import type { GpuModel } from "../../catalog/gpus";
import { modelShape } from "../../catalog/modelShapes";
import type { Gpu } from "../cluster/hardware";
import type { IdleGpu, ServingPlan, ServingRequest } from "../cluster/types";
import { weightsPerRank } from "../memory/weights";
import { remembered } from "../remembered";
import { accepted, type Option } from "./candidates";
import { fitOf, missingBytes } from "./settings";
import { inGib, layoutName, tokens } from "./words";

/** Models offered for a GPU that is left, the most able first: what one card of 8 to 141 GiB can hold. */
const offered: readonly string[] = [
  "Qwen/Qwen3-32B",
  "Qwen/Qwen3-32B-AWQ",
  "Qwen/Qwen3-14B-AWQ",
  "Qwen/Qwen3-8B-AWQ",
  "Qwen/Qwen3-4B-AWQ",
  "Qwen/Qwen3-1.7B",
  "Qwen/Qwen3-0.6B",
];

/** Share of a card that weights may take and leave a useful cache. */
const mostWeights = 0.8;

const single = { tensorParallel: 1, pipelineParallel: 1 } as const;

/** Context of one such model alone on one such card; 0 when it does not fit. */
function contextOn(card: GpuModel, id: string): number {
  const shape = modelShape(id);
  const [weights] = shape === undefined ? [] : weightsPerRank(shape, single);
  if (shape === undefined || weights === undefined) return 0;
  if (weights.total > mostWeights * card.cudaTotalMib * MIB) return 0;
  const request: ServingRequest = { name: id, shape, path: "", pins: {} };
  if (accepted(request, [card], single).broken.length > 0) return 0;
  const fit = fitOf(request, { layout: single, cards: [card], replicas: 1 });
  return fit.starts === "always" && fit.useful ? fit.settings.maxModelLen : 0;
}

/** The same, remembered by card and model: rows of the catalogue do not change, and the same few are asked for. */
const knownContext = remembered(contextOn, (id) => id);

/** The first offered model that fits on one such card, with its context. */
function offerFor(card: GpuModel, taken: readonly string[]): string {
  const id = offered.find((model) => !taken.includes(model) && knownContext(card, model) > 0);
  if (id === undefined) return "no model of the catalogue fits on it alone";
  return `${id} would fit with ${tokens(knownContext(card, id))} of context`;
}

/** What is known of all GPUs when one of them is told why it idles. */
interface Idling {
  readonly mayServe: (gpu: Gpu) => boolean;
  /** The first model's. */
  readonly plan: ServingPlan | undefined;
  readonly options: readonly Option[];
  /** Names of the cards that it is on. */
  readonly itsCards: readonly string[];
  /** Ids of the cards that any model is on. */
  readonly usedCards: ReadonlySet<string>;
}

/** What the first model would have had of such a card. */
function whyUnused(gpu: Gpu, { mayServe, plan, options, itsCards, usedCards }: Idling): string {
  const { model: card, pool } = gpu;
  if (plan === undefined) return "no model is placed on it";
  if (!mayServe(gpu)) return `no model may use the pool ${pool} (models[].pools)`;
  const name = layoutName(plan.layout);
  if (usedCards.has(card.id)) {
    const ranks = plan.layout.tensorParallel * plan.layout.pipelineParallel;
    return ranks === 1
      ? `${plan.name} has the replicas it was given`
      : `too few of its kind are left for another replica of ${plan.name} (${name})`;
  }
  const alone = options.find(({ cards, fit }) => cards.every(({ id }) => id === card.id) && fit !== undefined);
  const missing = alone?.fit?.starts === "never" ? missingBytes(alone.fit) : 0;
  return missing > 0
    ? `${plan.name} needs ${inGib(missing)} more than it has, and a group with other cards would go at its pace`
    : `the replicas of ${plan.name} are on one kind of card, and ${itsCards.join(" and ")} serves it better`;
}

/**
 * Every GPU that is not used, in the order of the hardware. GPUs of one card and pool share their sentence.
 * `mayServe`: some model may use it.
 */
export function idleGpus(
  gpus: readonly Gpu[],
  mayServe: (gpu: Gpu) => boolean,
  plans: readonly ServingPlan[],
  optionsOfFirst: readonly Option[],
): readonly IdleGpu[] {
  const usedIds = new Set(plans.flatMap(({ ranks }) => ranks.map(({ gpu }) => gpu)));
  const used = gpus.filter(({ id }) => usedIds.has(id));
  const firstIds = new Set(plans[0]?.ranks.map(({ gpu }) => gpu));
  const about: Idling = {
    mayServe,
    plan: plans[0],
    options: optionsOfFirst,
    itsCards: [...new Set(used.filter(({ id }) => firstIds.has(id)).map(({ model }) => model.name))],
    usedCards: new Set(used.map(({ model }) => model.id)),
  };
  const taken = plans.map(({ shape }) => shape.id);
  const sentence = remembered(
    (card: GpuModel, gpu: Gpu) =>
      `${card.name}, ${inGib(card.memoryMib * MIB)}: ${whyUnused(gpu, about)}. Alone: ${offerFor(card, taken)}.`,
    ({ pool }) => pool,
  );
  return gpus.filter(({ id }) => !usedIds.has(id)).map((gpu) => ({ gpu: gpu.id, reason: sentence(gpu.model, gpu) }));
}
