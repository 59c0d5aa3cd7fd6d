/** The layouts that are worth looking at on one kind of card: from one GPU up to all of them, until one holds everything. */
import { GIB, MIB } from "../../catalog/units";
import type { GpuModel } from "../../catalog/gpus";
import type { ModelShape } from "../../catalog/modelShapes";
import type { Network } from "../cluster/hardware";
import type { Pins, ServingRequest } from "../cluster/types";
import type { Layout } from "../memory/layout";
import { weightsPerRank } from "../memory/weights";
import { brokenRules, type BrokenRule, type Candidate } from "../rules";
import { offeredBy, type Reach, type Replica } from "./groups";
import { largestBlock, type CardPool } from "./pools";
import { fitOf, isBetter, type Fit, type Placed } from "./settings";
import { splitByMemory } from "./partition";

/** RDMA from here on is fast enough for TP: half of PCIe 4.0 x16, which TP also runs over. In Gb/s. */
export const tensorNetworkGbit = 100;

/** TP sizes: what vLLM's models divide by. */
const tensorSizes = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16] as const;

/** PP ranks beyond the fewest that hold the weights; more only lengthen the way of a token. */
const morePipeline = 8;

/** One layout on one kind of card, with what came of it. */
export interface Option {
  /** The card of each PP rank. */
  readonly cards: readonly GpuModel[];
  /** Where replicas are taken from; absent for unequal cards, where there is the one replica. */
  readonly pool?: CardPool;
  readonly layout: Layout;
  readonly reach: Reach;
  /** Replicas: as many as the pool gives, or as pinned. */
  readonly count: number;
  /** The replica from the pool's largest and that from its smallest block; one when they are the same. */
  readonly samples: readonly Replica[];
  /** What vLLM would refuse; then nothing else was looked at. */
  readonly broken: readonly BrokenRule[];
  readonly fit?: Fit;
}

/** Where a model is to be placed. */
export interface Site {
  readonly request: ServingRequest;
  readonly pool: CardPool;
  readonly network: Network;
  /** Weights of all layers on one GPU, in bytes. */
  readonly layerBytes: number;
}

/** The weights that PP and TP divide between the GPUs, in bytes. */
export const layerBytesOf = (shape: ModelShape): number => weightsPerRank(shape, single)[0]?.layers ?? 0;

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

/** True when a TP group may reach over the network: asked for by name, or RDMA that is fast enough. */
export const mayCrossNetwork = (pins: Pins, { rdma, gbitPerSecond }: Network): boolean =>
  pins.tensorParallelOverNetwork === true || (rdma && gbitPerSecond >= tensorNetworkGbit);

/** TP sizes to look at, up to so many GPUs: those that divide the heads, and powers of two, to say why one does not work. */
function tensorsUpTo({ pins, shape }: ServingRequest, most: number): readonly number[] {
  if (pins.tensorParallel !== undefined) return pins.tensorParallel <= most ? [pins.tensorParallel] : [];
  return tensorSizes.filter((size) => size <= most && (shape.heads % size === 0 || isPowerOfTwo(size)));
}

/** How a replica of that layout reaches over the pool's nodes; undefined when there are not enough GPUs. */
function reachOf({ pool, request, network }: Site, { tensorParallel, pipelineParallel }: Layout): Reach | undefined {
  const most = largestBlock(pool);
  if (tensorParallel * pipelineParallel > pool.count) return undefined;
  if (tensorParallel > most) return mayCrossNetwork(request.pins, network) ? "network tensor" : undefined;
  if (pipelineParallel === 1) return tensorParallel === 1 ? "one GPU" : "node tensor";
  return Math.floor(most / tensorParallel) >= pipelineParallel ? "node pipeline" : "network";
}

/** What the rules are asked about. */
export const candidateOf = (request: ServingRequest, gpus: readonly GpuModel[], layout: Layout): Candidate => ({
  shape: request.shape,
  layout,
  gpus,
  dtype: request.pins.dtype ?? "bfloat16",
  kvCacheDtype: request.pins.kvCacheDtype ?? "auto",
  ...(request.contextTokens === undefined ? {} : { contextTokens: request.contextTokens }),
  pins: request.pins,
});

/** The same layout with whole experts on each rank, where that is what it takes to be accepted. */
export function accepted(
  request: ServingRequest,
  gpus: readonly GpuModel[],
  layout: Layout,
): { layout: Layout; broken: readonly BrokenRule[] } {
  const { pins, shape } = request;
  const asked = pins.expertParallel === undefined ? layout : { ...layout, expertParallel: pins.expertParallel };
  const broken = brokenRules(candidateOf(request, gpus, asked));
  if (broken.length === 0 || shape.moe === undefined || pins.expertParallel !== undefined)
    return { layout: asked, broken };
  const whole = { ...layout, expertParallel: true };
  return brokenRules(candidateOf(request, gpus, whole)).length === 0
    ? { layout: whole, broken: [] }
    : { layout, broken };
}

/** PP by vLLM's even split; by what each rank has room for, when the even one does not hold what is wanted and that does. */
export function fitted(request: ServingRequest, { layout, cards, replicas }: Placed): { layout: Layout; fit: Fit } {
  const even = { layout, fit: fitOf(request, { layout, cards, replicas }) };
  if (layout.pipelineParallel === 1 || layout.layerPartition !== undefined) return even;
  if (even.fit.starts === "always" && even.fit.useful && even.fit.enough) return even;
  const uneven = splitByMemory(request.shape, layout, even.fit.cold);
  const fit = fitOf(request, { layout: uneven, cards, replicas });
  return isBetter(fit, even.fit) ? { layout: uneven, fit } : even;
}

/**
 * One layout, looked at in full, or only at whether vLLM would accept it. Undefined when the pool has no place for it, or
 * when the rules have nothing to say and nothing else was wanted.
 */
export function optionOf(site: Site, asked: Layout, depth: "whole" | "rules only" = "whole"): Option | undefined {
  const { request, pool } = site;
  const reach = reachOf(site, asked);
  if (reach === undefined) return undefined;
  const { pins } = request;
  const partitioned = pins.layerPartition === undefined ? asked : { ...asked, layerPartition: pins.layerPartition };
  const { layout, broken } = accepted(request, [pool.card], partitioned);
  const { most, samples } = offeredBy(pool, { layout, reach });
  const count = Math.min(pins.replicas ?? most, most);
  if (count === 0) return undefined;
  const cards = Array.from({ length: layout.pipelineParallel }, () => pool.card);
  const option = { cards, pool, layout, reach, count, samples, broken };
  if (broken.length > 0) return option;
  if (depth === "rules only") return undefined;
  return { ...option, ...fitted(request, { layout, cards, replicas: count }) };
}

/** Fewest PP ranks whose memory holds the layers, however they are split: below it nothing needs to be looked at. */
function fewestPipeline({ request: { pins }, pool: { card }, layerBytes }: Site, tensorParallel: number): number {
  const each = card.cudaTotalMib * MIB * (pins.gpuMemoryUtilization ?? 1) + (pins.cpuOffloadGib ?? 0) * GIB;
  return Math.max(2, Math.ceil(layerBytes / tensorParallel / each));
}

/** True when nothing more could be wanted of it. */
export const isFull = ({ fit }: Option): boolean =>
  fit !== undefined && fit.starts === "always" && fit.useful && fit.enough;

const listed = (option: Option | undefined): readonly Option[] => (option === undefined ? [] : [option]);

/** PP ranks to look at with one TP size, fewest first; stops at the first that holds everything. */
function pipelines(site: Site, tensorParallel: number): readonly Option[] {
  const { request, pool } = site;
  const most = Math.min(Math.floor(pool.count / tensorParallel), request.shape.layers);
  const fewest = fewestPipeline(site, tensorParallel);
  const options: Option[] = [];
  for (let ranks = fewest; ranks <= Math.min(most, fewest + morePipeline); ranks++) {
    const option = optionOf(site, { tensorParallel, pipelineParallel: ranks });
    if (option !== undefined) options.push(option);
    if (option !== undefined && (isFull(option) || option.broken.length > 0)) break;
  }
  return options;
}

/** Sizes of TP to look at on this pool. */
const sizesOn = ({ request, pool, network }: Site): readonly number[] =>
  tensorsUpTo(request, mayCrossNetwork(request.pins, network) ? pool.count : largestBlock(pool));

const pinnedPipeline = ({ request: { pins } }: Site): number | undefined =>
  pins.pipelineParallel ?? pins.layerPartition?.length;

/**
 * Layouts without PP, or with the PP that is pinned. Once one GPU holds everything, one more TP size is looked at, to say
 * what it would give; nothing larger can win.
 */
export function plainOptions(site: Site): readonly Option[] {
  const pipelineParallel = pinnedPipeline(site) ?? 1;
  const options: Option[] = [];
  let more = Infinity;
  for (const tensorParallel of sizesOn(site)) {
    const option = optionOf(site, { tensorParallel, pipelineParallel }, more > 0 ? "whole" : "rules only");
    options.push(...listed(option));
    more -= 1;
    if (option?.reach === "one GPU" && isFull(option)) more = 1;
  }
  return options;
}

/** Layouts with PP of the planner's choice. `compare`: only one, as many ranks as this TP size. */
export function pipelineOptions(site: Site, compare?: number): readonly Option[] {
  if (pinnedPipeline(site) !== undefined) return [];
  const sizes = sizesOn(site);
  if (compare === undefined) return sizes.flatMap((size) => pipelines(site, size));
  return compare > 1 && sizes.includes(1)
    ? listed(optionOf(site, { tensorParallel: 1, pipelineParallel: compare }))
    : [];
}

/** TP over a network that nobody allowed, the narrowest that no node has GPUs for: only to say what it would cost. */
export function forbiddenTensor(site: Site): Option | undefined {
  const { request, pool, network } = site;
  if (mayCrossNetwork(request.pins, network) || request.pins.tensorParallel !== undefined) return undefined;
  const pins = { ...request.pins, tensorParallelOverNetwork: true };
  const size = tensorSizes.find((count) => count > largestBlock(pool) && request.shape.heads % count === 0);
  return size === undefined ? undefined : optionOf({ ...site, request: { ...request, pins } }, tensor(size));
}

const tensor = (tensorParallel: number): Layout => ({ tensorParallel, pipelineParallel: 1 });

const single = tensor(1);
