/** Time of one step of one PP stage on one group of cards. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Link } from "../cluster/links";
import type { CardRates } from "./card";
import { allReduceSeconds } from "./collectives";
import {
  activationBytes,
  expertKernels,
  launchSeconds,
  layerKernels,
  linearKernels,
  mlaKernels,
  opsPerMac,
  reducesAtEnds,
  reducesPerLayer,
  sharedExpertKernels,
  stateMoves,
} from "./factors";
import type { Terms } from "./terms";
import type { MatrixWork, StageWork, Work } from "./work";

/** The cards of one stage, as slow as the slowest of them. */
export interface Group {
  readonly rates: CardRates;
  /** TP ranks. */
  readonly ranks: number;
  /** The slowest link between them; absent for one rank. */
  readonly link: Link | undefined;
  /** Bytes a second over the slowest slot, for weights kept in the node's memory. */
  readonly slot: number;
}

/** What a step runs over. */
export interface Step {
  /** A chunk of a prompt; else decoding. */
  readonly prompt: boolean;
  /** New tokens: one a sequence when decoding, a chunk of the prompt in prefill. */
  readonly tokens: number;
  /** Tokens for which logits are wanted: one a sequence. */
  readonly outputs: number;
  /** Pairs of a new token and one of its context, in a layer that sees all and in one with a window. */
  readonly globalPairs: number;
  readonly localPairs: number;
  /** Tokens read from the cache, likewise. */
  readonly globalCache: number;
  readonly localCache: number;
}

/** How the step runs. */
export interface StepSettings {
  /** Tokens of the largest CUDA graph; 0 in eager mode. */
  readonly graphTokens: number;
  readonly kvDtypeBytes: number;
  /** Bytes of weights in the node's memory, on each rank. */
  readonly offloadBytes: number;
  /** Whole experts on each rank. */
  readonly wholeExperts: boolean;
}

/** Share of the experts that some of so many tokens go to, when they spread evenly. */
export function touchedShare(shape: ModelShape, tokens: number): number {
  const { moe } = shape;
  return moe === undefined ? 0 : 1 - (1 - moe.perToken / moe.experts) ** tokens;
}

/**
 * Share of a rank's experts that the busiest rank has to read. With whole experts on each rank one has more than its share
 * of the chosen ones: the usual bound for the fullest of n bins, the mean and sqrt(2 variance ln n).
 */
function busiestShare(shape: ModelShape, { ranks }: Group, tokens: number, whole: boolean): number {
  const share = touchedShare(shape, tokens);
  if (!whole || shape.moe === undefined || ranks === 1) return share;
  const here = shape.moe.experts / ranks;
  const variance = here * share * (1 - share);
  return Math.min(1, share + Math.sqrt(2 * variance * Math.log(ranks)) / here);
}

/** Seconds of reading and of computing, added up in place: a search times a great many steps. */
interface Sum {
  memory: number;
  compute: number;
}

/** Adds work whose reading and computing overlap: only the slower one counts. */
function overlap(sum: Sum, memory: number, compute: number): void {
  if (memory >= compute) sum.memory += memory;
  else sum.compute += compute;
}

const multiply = ({ weights }: MatrixWork, tokens: number, rate: number): number =>
  (opsPerMac * weights * tokens) / rate;

type Widths = Omit<Work, "stages">;

/** What of the experts a step reads, and through how many of them each token goes. */
interface ExpertUse {
  readonly read: number;
  readonly used: number;
}

/** Matrices in the model's storage format. Unpacking them is work for the same SMs as multiplying. */
function addMatrices(sum: Sum, work: StageWork, rates: CardRates, step: Step, { read, used }: ExpertUse): void {
  const { linear, experts, plain, head } = work;
  const products = Math.max(multiply(linear, step.tokens, rates.linear), linear.weights / rates.unpackLinear);
  overlap(sum, linear.bytes / rates.memory, products);
  const expertProducts = Math.max(
    multiply(experts, step.tokens * used, rates.experts),
    (read * experts.weights) / rates.unpackExperts,
  );
  overlap(sum, (read * experts.bytes) / rates.memory, expertProducts);
  overlap(sum, plain.bytes / rates.memory, multiply(plain, step.tokens, rates.plain));
  overlap(sum, head.bytes / rates.memory, multiply(head, step.outputs, rates.plain));
}

/** The cache, read, and the products of attention. */
function addAttention(sum: Sum, work: StageWork, widths: Widths, rates: CardRates, step: Step, bytes: number): void {
  const cached = work.globalLayers * step.globalCache + work.localLayers * step.localCache;
  const pairs = work.globalLayers * step.globalPairs + work.localLayers * step.localPairs;
  const products = opsPerMac * pairs * (step.prompt ? widths.promptWidth : widths.decodeWidth);
  overlap(sum, (cached * widths.kvWidth * bytes) / rates.memory, products / rates.plain);
}

/** The states of linear attention, each read and written once a step, and the products with them. */
function addStates(sum: Sum, { linearLayers }: StageWork, widths: Widths, rates: CardRates, step: Step): void {
  const moved = stateMoves * linearLayers * step.outputs * widths.stateBytes;
  const products = opsPerMac * linearLayers * step.tokens * widths.stateWidth;
  overlap(sum, moved / rates.memory, products / rates.plain);
}

/** All-reduces of the stage, and one for the embedding or the logits. */
function linkSeconds(shape: ModelShape, work: StageWork, group: Group, step: Step): number {
  if (group.link === undefined) return 0;
  const one = allReduceSeconds(step.tokens * shape.hidden * activationBytes, group.ranks, group.link);
  return (reducesPerLayer * work.layers + reducesAtEnds) * one;
}

/** Kernels that a step launches in the layers of a stage. */
function kernelsOf({ norms, qkNorm, mla, moe }: ModelShape, { layers, moeLayers, linearLayers }: StageWork): number {
  const dense = layerKernels + norms + (qkNorm ? 1 : 0) + (mla === undefined ? 0 : mlaKernels);
  const experts = expertKernels + ((moe?.sharedIntermediate ?? 0) > 0 ? sharedExpertKernels : 0);
  return layers * dense + moeLayers * experts + linearLayers * linearKernels;
}

/** Seconds of one stage, without what the scheduler and the sampler take. */
export function stageTerms(
  shape: ModelShape,
  work: StageWork,
  widths: Widths,
  group: Group,
  step: Step,
  settings: StepSettings,
): Terms {
  const experts = {
    read: busiestShare(shape, group, step.tokens, settings.wholeExperts),
    used: shape.moe === undefined ? 0 : shape.moe.perToken / shape.moe.experts,
  };
  const sum: Sum = { memory: 0, compute: 0 };
  addMatrices(sum, work, group.rates, step, experts);
  addAttention(sum, work, widths, group.rates, step, settings.kvDtypeBytes);
  if (work.linearLayers > 0) addStates(sum, work, widths, group.rates, step);
  const link = linkSeconds(shape, work, group, step) + settings.offloadBytes / group.slot;
  const kernels = kernelsOf(shape, work);
  const gaps = kernels * group.rates.kernel;
  // Without a graph the CPU launches while the GPU works: whichever is slower.
  const launches = kernels + (group.link === undefined ? 0 : reducesPerLayer * work.layers);
  const busy = sum.memory + sum.compute + link + gaps;
  const idle = step.tokens > settings.graphTokens ? Math.max(0, launches * launchSeconds - busy) : 0;
  return { memory: sum.memory, compute: sum.compute, link, launch: gaps + idle };
}
