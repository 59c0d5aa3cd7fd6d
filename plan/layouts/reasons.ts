/** Why this layout, in sentences: what readers of such plans ask, answered with this plan's numbers. */
import { slowestLink } from "../cluster/links";
import type { Chosen } from "./choice";
import type { Asked } from "./faults";
import type { Replica } from "./groups";
import { linkSeconds, neededGbit, reducesOf, reduceSeconds } from "./linkTime";
import { groupBy } from "./pools";
import { defaultSlots, fitOf, usefulContext } from "./settings";
import { amount, duration, inGib, layoutName, networkName, times, tokens } from "./words";

/** The layout that was taken, and what for. */
export interface Told {
  readonly asked: Asked;
  readonly chosen: Chosen;
}

/** Share of the time to the first token that TP over a network may cost before it is called too slow. */
const bearable = 0.1;

const sizeOf = ({ layout }: Chosen): number => layout.tensorParallel * layout.pipelineParallel;

const firstOf = ({ replicas }: Chosen): Replica => replicas[0] ?? [];

/** The fullest rank's weights. */
const weightsOf = ({ fit }: Chosen): number => Math.max(...fit.warm.ranks.map(({ weights }) => weights.total));

function onOneGpu({ chosen }: Told): string {
  const { fit, replicas, cards } = chosen;
  const many = replicas.length > 1 ? ` ${replicas.length} replicas share the requests, one on each GPU.` : "";
  return (
    `One ${cards[0]?.name ?? "GPU"} holds the model: ${inGib(weightsOf(chosen))} of weights and a cache of ` +
    `${amount(fit.warm.kv.tokens)} tokens; no token has to cross a link.${many}`
  );
}

/** The link inside a TP group, by its name. */
function linkName({ asked, chosen }: Told): string {
  const link = slowestLink(firstOf(chosen)[0] ?? [], asked.hardware.network);
  if (link === undefined || link.kind === "network") return networkName(asked.hardware.network);
  if (link.kind === "nvlink") return "NVLink";
  return link.p2p ? "PCIe" : "PCIe through the host's memory (no peer-to-peer)";
}

function tensorInNode(told: Told): string {
  const { asked, chosen } = told;
  const { shape } = asked.request;
  const time = linkSeconds(shape, chosen.layout, firstOf(chosen), asked.hardware.network);
  const share = Math.round((100 * time) / chosen.speed.interTokenAlone.value);
  const where = chosen.reach === "node tensor" ? "inside one node" : "across nodes, as it may be here";
  return (
    `${layoutName(chosen.layout)} ${where}: ${inGib(weightsOf(chosen))} of weights on each GPU. A token takes ` +
    `${reducesOf(shape)} all-reduces over ${linkName(told)}: ${duration(time)} of ${duration(chosen.speed.interTokenAlone.value)} (${share} %).`
  );
}

function pipeline({ asked, chosen }: Told): string {
  const { request, hardware } = asked;
  const { shape } = request;
  const { network } = hardware;
  const groups = firstOf(chosen);
  const all = groups.flat();
  const heads = groups.map((group) => group.slice(0, 1));
  const prompt = chosen.speed.promptTokens;
  const sends = (count: number): string =>
    duration(linkSeconds(shape, { ...chosen.layout, tensorParallel: 1 }, heads, network, count));
  const reduces = (count: number): string =>
    duration(reduceSeconds(shape, all.length, slowestLink(all, network), count));
  const over = chosen.reach === "network" ? `over ${networkName(network)}` : "inside one node";
  return (
    `${layoutName(chosen.layout)} ${over}: PP hands a token's state on ${times(groups.length - 1)} (${sends(1)}), TP over the ` +
    `same ${all.length} GPUs would do ${reducesOf(shape)} all-reduces (${reduces(1)}); for a prompt of ${tokens(prompt)} it is ${sends(prompt)} against ${reduces(prompt)}.`
  );
}

/** Why TP, PP or neither. */
function whyLayout(told: Told): readonly string[] {
  const { reach, layout } = told.chosen;
  if (reach === "one GPU") return [onOneGpu(told)];
  return layout.pipelineParallel > 1 ? [pipeline(told)] : [tensorInNode(told)];
}

/** What a network would have to give for TP; only where there are several nodes. */
function neededNetwork({ asked, chosen }: Told): readonly string[] {
  const { request, hardware, pools } = asked;
  const [first] = pools.flatMap(({ blocks }) => blocks.slice(0, 1));
  const one = pools.every(({ blocks }) => blocks.every(({ node }) => node === first?.node));
  if (one || chosen.reach === "network tensor") return [];
  const { promptTokens, timeToFirstToken } = chosen.speed;
  const ranks = Math.max(2, sizeOf(chosen));
  const gbit = neededGbit(request.shape, ranks, promptTokens, bearable * timeToFirstToken.value);
  const { gbitPerSecond } = hardware.network;
  const enough =
    gbitPerSecond >= gbit
      ? "which this network has; the wait of each message comes on top"
      : `and there are ${gbitPerSecond}`;
  return [
    `TP ${ranks} across nodes would need ${Math.ceil(gbit)} Gb/s to cost less than ${bearable * 100} % of the time to the first token ` +
      `(${duration(timeToFirstToken.value)} for ${tokens(promptTokens)}), ${enough}.`,
  ];
}

/** "4", or "1 to 4" where nodes differ. */
function gpusOfNodes(replicas: readonly Replica[]): { nodes: number; gpus: string } {
  const counts = [...groupBy(replicas.flat(2), ({ node }) => node).values()].map(({ length }) => length);
  const [least, most] = counts.reduce(
    ([low, high], count) => [Math.min(low, count), Math.max(high, count)],
    [Infinity, 0],
  );
  return { nodes: counts.length, gpus: least === most ? String(most) : `${least} to ${most}` };
}

/** The head, `numOfHosts` and `num-gpus`, `maxReplicas`: what readers of KubeRay guides stumble over. */
function aboutRay({ chosen }: Told): readonly string[] {
  const { replicas, pool } = chosen;
  const size = sizeOf(chosen);
  const { nodes, gpus } = gpusOfNodes(replicas);
  const usable = pool?.count ?? size;
  const what = size === 1 ? "one GPU" : `${size} GPUs (${layoutName(chosen.layout)})`;
  const each = nodes === 1 ? "the GPU node that is used" : `each of the ${nodes} GPU nodes that are used`;
  return [
    `The Ray head has no GPU (num-gpus: 0): it schedules and computes nothing, so it runs on a node without one and keeps none from the model.`,
    `KubeRay: one worker pod on ${each}, with numOfHosts: 1 and num-gpus: ${gpus}, its GPUs; masters and CPU nodes run ` +
      `no worker, however many there are, and numOfHosts is not the number of nodes.`,
    `A replica is always ${what}: maxReplicas above ${replicas.length} takes effect only with ${size * (replicas.length + 1)} such GPUs, ` +
      `and there are ${usable}. It never widens TP.`,
  ];
}

/** What happens to cards that differ. */
function unequalCards({ asked, chosen }: Told): readonly string[] {
  const all = asked.pools.map(({ card }) => card.name);
  const own = [...new Set(chosen.cards.map(({ name }) => name))];
  if (all.length < 2) return [];
  if (own.length > 1) {
    const share = chosen.layout.layerPartition?.join(", ") ?? "even";
    const names = [...groupBy(firstOf(chosen).flat(), ({ model }) => model.name).keys()].join(" and ");
    return [
      `No group of equal cards holds the model, so PP goes over ${names} with ${share} layers, by each card's memory. The cost: ` +
        `a token waits for every rank in turn, ${duration(chosen.speed.interTokenAlone.value)} in all, and the slowest card paces a full batch.`,
    ];
  }
  const others = all.filter((name) => !own.includes(name)).join(" and ");
  return [
    `Unequal cards: a group has the memory and the pace of its smallest card, so ${own.join(" and ")} stay among themselves and ${others} stays out of their groups.`,
  ];
}

/** What set the context and the slots, and what would give more. */
function aboutContext({ asked: { request }, chosen }: Told): readonly string[] {
  const { fit, layout, cards, replicas } = chosen;
  const { settings, contextBy, cold, warm } = fit;
  const context = tokens(settings.maxModelLen);
  const [first, later] = [amount(cold.kv.tokens), amount(warm.kv.tokens)];
  const pair =
    first === later
      ? `${later} tokens`
      : `${first} tokens in the first start and ${later} once the compile cache is warm`;
  if (contextBy === "model")
    return [`Context ${context}, the longest that the model takes; the KV cache holds ${pair}.`];
  if (contextBy === "asked") return [`Context ${context} as asked; the KV cache holds ${pair}.`];
  const small = { ...request, pins: { ...request.pins, kvCacheDtype: "fp8" as const } };
  const placed = { layout, cards, replicas: replicas.length };
  const fp8 = request.pins.kvCacheDtype === "fp8" ? undefined : fitOf(small, placed).settings.maxModelLen;
  const more =
    fp8 === undefined || fp8 <= settings.maxModelLen
      ? ""
      : ` kvCacheDtype: fp8 would allow ${tokens(fp8)}, slightly less exact.`;
  return [
    `Context ${context} of the model's ${tokens(request.shape.maxContext)}: what is left for the KV cache limits it, ${pair}.${more}`,
  ];
}

function aboutSlots({ asked: { request }, chosen: { fit } }: Told): readonly string[] {
  const { maxNumSeqs } = fit.settings;
  if (request.pins.maxNumSeqs !== undefined) return [];
  if (maxNumSeqs >= Math.min(defaultSlots, fit.settings.maxNumBatchedTokens)) return [];
  if (request.shape.linear !== undefined && fit.cold.kv.blocks < 1.1 * defaultSlots && !fit.settings.enforceEager)
    return [
      `${maxNumSeqs} slots instead of vLLM's ${defaultSlots}: each needs a block of the cache for its state, and there are ${amount(fit.cold.kv.blocks)} in the first start.`,
    ];
  const saved = 16 * (defaultSlots - maxNumSeqs) * request.shape.vocab;
  return [
    `${maxNumSeqs} slots instead of vLLM's ${defaultSlots}: the sampler takes 16 B a slot and vocabulary entry, ${inGib(saved)} less, and fewer CUDA graphs are kept; ` +
      `else the context would be below ${tokens(request.contextTokens ?? usefulContext)} or the cache too small.`,
  ];
}

/** All sentences, the layout first. */
export const reasonsFor = (told: Told): readonly string[] => [
  ...whyLayout(told),
  ...neededNetwork(told),
  ...unequalCards(told),
  ...aboutContext(told),
  ...aboutSlots(told),
  ...aboutRay(told),
];
