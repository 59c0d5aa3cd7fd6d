/** What the user must hear when a model cannot be placed: each pin that cannot be kept, and how much memory is missing. */
import type { Fault } from "../../config/errors";
import type { Hardware } from "../cluster/hardware";
import type { Pins, ServingRequest } from "../cluster/types";
import { nearestLayouts } from "../rules";
import { candidateOf, mayCrossNetwork, type Option } from "./candidates";
import { groupBy, largestBlock, type CardPool } from "./pools";
import type { GpuModel } from "../../catalog/gpus";
import { missingBytes, type Fit } from "./settings";
import { remedies } from "./remedies";
import { amount, inGib, layoutName, networkName, optionName, withNodes } from "./words";
import { GIB, plural } from "../../catalog/units";

/** One request and the GPUs that it may use. */
export interface Asked {
  readonly request: ServingRequest;
  readonly pools: readonly CardPool[];
  readonly hardware: Hardware;
}

const gpusOf = ({ pools }: Asked) => pools.flatMap(({ blocks }) => blocks.flatMap(({ gpus }) => gpus));

function unknownPools({ request, hardware }: Asked): readonly Fault[] {
  const known = [...new Set(hardware.gpus.map(({ pool }) => pool))];
  const unknown = (request.pins.pools ?? []).filter((name) => !known.includes(name));
  if (unknown.length === 0) return [];
  const needed = known.length === 0 ? "a node pool with GPUs; the stack has none" : `of ${known.join(", ")}`;
  return [{ path: `${request.path}.pools`, found: unknown.join(", "), needed, fix: "name a node pool that has GPUs" }];
}

function wrongShare({ request: { pins, path } }: Asked): readonly Fault[] {
  const share = pins.gpuMemoryUtilization;
  if (share === undefined || (share > 0 && share <= 1)) return [];
  const needed = "a share above 0, at most 1";
  return [{ path: `${path}.gpuMemoryUtilization`, found: String(share), needed, fix: "leave it out, or use 0.9" }];
}

/** The pin that a fault about the number of GPUs is about. */
function countPin({ tensorParallel, pipelineParallel, replicas }: Pins): keyof Pins {
  if ((tensorParallel ?? 1) > 1) return "tensorParallel";
  if ((pipelineParallel ?? 1) > 1) return "pipelineParallel";
  return replicas === undefined ? "tensorParallel" : "replicas";
}

function notCounts({ request: { pins, path } }: Asked): readonly Fault[] {
  return (["tensorParallel", "pipelineParallel", "replicas"] as const).flatMap((pin) => {
    const value = pins[pin];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) return [];
    return [
      { path: `${path}.${pin}`, found: String(value), needed: "a whole number from 1", fix: "leave it out, or use 1" },
    ];
  });
}

function tooManyGpus(asked: Asked): readonly Fault[] {
  const { pins, path } = asked.request;
  const { tensorParallel: tp, pipelineParallel: pp, replicas } = pins;
  const sum = (tp ?? 1) * (pp ?? 1) * (replicas ?? 1);
  if (sum <= asked.pools.reduce((total, { count }) => total + count, 0)) return [];
  const gpus = gpusOf(asked);
  const factors = [`TP ${tp ?? 1}`, `PP ${pp ?? 1}`, plural(replicas ?? 1, "replica")];
  return [
    {
      path: `${path}.${countPin(pins)}`,
      found: `${factors.join(" x ")} = ${plural(sum, "GPU")}`,
      needed: `at most ${plural(gpus.length, "GPU")}: ${withNodes(gpus)}`,
      fix: "lower one of them, leave them out so that the plan chooses, or add GPUs to a node pool",
    },
  ];
}

function tensorTooWide(asked: Asked): readonly Fault[] {
  const { request, pools, hardware } = asked;
  const { pins, path } = request;
  const { tensorParallel = 1 } = pins;
  const most = Math.max(0, ...pools.map(largestBlock));
  if (tensorParallel <= most || mayCrossNetwork(pins, hardware.network)) return [];
  const nodes = new Set(gpusOf(asked).map(({ node }) => node));
  if (nodes.size === 1) {
    const needed = `at most TP ${most}: a TP group is of one card, and of one node`;
    const fix = "lower tensorParallel, or leave it out so that the plan chooses";
    return [
      { path: `${path}.tensorParallel`, found: `TP ${tensorParallel} on ${withNodes(gpusOf(asked))}`, needed, fix },
    ];
  }
  return [
    {
      path: `${path}.tensorParallel`,
      found: `TP ${tensorParallel}, and no node has more than ${plural(most, "GPU")} of one card`,
      needed: `at most TP ${most}, so that a TP group does not span ${networkName(hardware.network)}`,
      fix: `use pipelineParallel across nodes instead, or set tensorParallelOverNetwork: true and accept the speed`,
    },
  ];
}

const noGpus = ({ request: { path, shape } }: Asked): Fault => ({
  path: `${path}.source`,
  found: `${shape.id} and no GPU`,
  needed: "at least one GPU",
  fix: "add GPUs to a node pool",
});

/** Faults of the pins alone; with any, no layout is looked for. */
export const pinFaults = (asked: Asked): readonly Fault[] => {
  const wrong = [...unknownPools(asked), ...wrongShare(asked), ...notCounts(asked)];
  if (wrong.length > 0) return wrong;
  if (asked.pools.length === 0) return [noGpus(asked)];
  const counts = tooManyGpus(asked);
  return counts.length > 0 ? counts : tensorTooWide(asked);
};

/** Pins that another layout answers; the others are settings, which no layout mends. */
const layoutPins: ReadonlySet<string> = new Set([
  "tensorParallel",
  "pipelineParallel",
  "expertParallel",
  "layerPartition",
] satisfies readonly (keyof Pins)[]);

/** vLLM's rules that every layout breaks: told for the first layout, each once, with the nearest that works. */
function ruleFaults({ request, pools }: Asked, option: Option): readonly Fault[] {
  const count = pools.reduce((sum, pool) => sum + pool.count, 0);
  const near = nearestLayouts(candidateOf(request, option.cards, option.layout), count).slice(0, 2);
  const works = near.length === 0 ? "" : `; nearest that works: ${near.map(layoutName).join(" or ")}`;
  const byPin = groupBy(option.broken, ({ pin }) => pin ?? "source");
  return [...byPin].flatMap(([pin, [first, ...others]]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : `; also ${others.map(({ found }) => found).join("; ")}`;
    return [
      {
        path: `${request.path}.${pin}`,
        found: `${first.found}${more}`,
        needed: `${first.needed} (vLLM: ${first.because})`,
        fix:
          first.pin === undefined
            ? `choose another model or other GPUs${works}`
            : `change ${pin} or leave it out${layoutPins.has(pin) ? works : ""}`,
      },
    ];
  });
}

/** The layout that comes nearest to holding the model. */
function nearest(options: readonly Option[]): Option | undefined {
  const missing = ({ fit }: Option): number => (fit === undefined ? Infinity : missingBytes(fit));
  const room = ({ fit }: Option): number => fit?.warm.kv.tokens ?? 0;
  return Array.from(options).sort((a, b) => missing(a) - missing(b) || room(b) - room(a))[0];
}

/** GiB with two decimals: what is short may be little. */
const exactly = (amount: number): string => `${(amount / GIB).toFixed(2)} GiB`;

/** "one RTX 3090"; "an RTX 3090 with PP 2 on RTX 3090 in one node". */
const where = (card: GpuModel | undefined, option: string): string =>
  option.startsWith("one ") ? option : `an ${card?.name ?? "NVIDIA GPU"} with ${option}`;

/** The context does not fit, and something of it would. */
function contextFault({ request }: Asked, { fit, cards }: Option & { fit: Fit }, name: string, fix: string): Fault {
  const { warm, settings } = fit;
  const rooms: readonly number[] = warm.ranks.map(({ kvCache }) => kvCache);
  const rank = rooms.indexOf(Math.min(...rooms));
  const room = rooms[rank] ?? 0;
  const perSequence = warm.kv.sequences > 0 ? room / warm.kv.sequences : 0;
  return {
    path: `${request.path}.contextTokens`,
    found: `${amount(settings.maxModelLen)} tokens, which need ${exactly(perSequence)} of KV cache on a GPU`,
    needed: `at most the ${exactly(room)} that are free for it on ${where(cards[rank], name)}, about ${amount(warm.kv.tokens)} tokens`,
    fix,
  };
}

/** `fewer`: a layout that holds it, and leaves room for fewer replicas than were asked for. */
function memoryFault(asked: Asked, option: Option, fewer?: Option): Fault {
  const { request, hardware } = asked;
  const { fit, cards } = option;
  const name = optionName(option, hardware.network);
  const less =
    fewer === undefined ? [] : [`use replicas: ${fewer.count}, which leaves room for ${layoutName(fewer.layout)}`];
  const fix = [...remedies(asked, option, fewer !== undefined), ...less].join("; or ");
  if (fit === undefined) return { path: `${request.path}.source`, found: name, needed: "enough GPUs for it", fix };
  const missing = missingBytes(fit);
  if (missing === 0) return contextFault(asked, { ...option, fit }, name, fix);
  const index = fit.warm.ranks.findIndex((rank) => rank.missing === missing);
  const rank = fit.warm.ranks[index];
  return {
    path: `${request.path}.source`,
    found: `${request.shape.id}: ${inGib(rank?.weights.total ?? 0)} of weights on ${where(cards[index], name)}`,
    needed: `at most ${inGib(rank?.budget ?? 0)} there with everything: ${inGib(missing)} less`,
    fix,
  };
}

/** What fits fewer times than there are to be replicas. */
function tooManyReplicas({ request: { pins, path }, hardware }: Asked, { count, pool, ...option }: Option): Fault {
  const gpus = pool?.blocks.flatMap((block) => block.gpus) ?? option.samples.flat(2);
  return {
    path: `${path}.replicas`,
    found: `${plural(pins.replicas ?? 1, "replica")} of ${optionName(option, hardware.network)}`,
    needed: `at most ${count}, on ${withNodes(gpus)}`,
    fix: `use replicas: ${count}, or add such GPUs to a node pool`,
  };
}

/** Pins that leave no layout to look at, although there are enough GPUs in all. */
function noLayout({ request: { pins, path }, pools }: Asked): Fault {
  const { tensorParallel: tp = 1, pipelineParallel: pp = 1, replicas = 1 } = pins;
  return {
    path: `${path}.${countPin(pins)}`,
    found: `TP ${tp} x PP ${pp} x ${plural(replicas, "replica")}`,
    needed: `a layout that GPUs of one card can form, of ${withNodes(pools.flatMap(({ blocks }) => blocks.flatMap(({ gpus }) => gpus)))}`,
    fix: "lower one of them, or leave them out so that the plan chooses",
  };
}

/** Why no layout was found. */
export function layoutFaults(asked: Asked, options: readonly Option[]): readonly Fault[] {
  const fitting = options.filter(({ broken }) => broken.length === 0);
  const starting = fitting.filter(({ fit }) => fit !== undefined && fit.starts !== "never");
  const most = starting.reduce<Option | undefined>((a, b) => (a === undefined || b.count > a.count ? b : a), undefined);
  // With as many replicas as were asked for: what holds the model on more GPUs each is no answer to that.
  const best = nearest(fitting.filter(({ count }) => count >= (asked.request.pins.replicas ?? 1)));
  if (best !== undefined) return [memoryFault(asked, best, most)];
  if (most !== undefined) return [tooManyReplicas(asked, most)];
  const any = nearest(fitting);
  if (any !== undefined) return [memoryFault(asked, any)];
  const [broken] = options;
  return broken === undefined ? [noLayout(asked)] : ruleFaults(asked, broken);
}

/** A model that fits alone, and not beside the ones before it. */
export const crowdedOut = ({ request, pools, hardware }: Asked, option: Option, others: readonly string[]): Fault => ({
  path: `${request.path}.source`,
  found: `${request.shape.id}, which needs ${optionName(option, hardware.network)}, beside ${others.join(", ")}`,
  needed: `GPUs that the others leave, of ${withNodes(pools.flatMap(({ blocks }) => blocks.flatMap(({ gpus }) => gpus)))}`,
  fix: "take a smaller model here or there, pin fewer GPUs for the others, or add GPUs to a node pool",
});
