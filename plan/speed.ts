/**
 * How fast one replica of a model is: a roofline over what each step reads, multiplies and sends. The formulas are here
 * and in speed/; what they multiply with is in speed/factors.ts and cluster/links.ts, each with its source.
 */
import { GIB } from "../catalog/units";
import type { ModelShape } from "../catalog/modelShapes";
import type { Gpu, Network } from "./cluster/hardware";
import { linkBetween, slotGBs, slowestLink, type Link } from "./cluster/links";
import type { SpeedEstimate } from "./cluster/types";
import type { EngineSettings } from "./memory";
import type { Layout } from "./memory/layout";
import { groupRates } from "./speed/card";
import { sendSeconds } from "./speed/collectives";
import * as factors from "./speed/factors";
import { stageTerms, type Group, type Step } from "./speed/step";
import { chunkOf, decodeStep } from "./speed/steps";
import { addTerms, noTime, rate, seconds, totalOf, type Terms } from "./speed/terms";
import { workOf, type Work } from "./speed/work";

export { workOf, type Work } from "./speed/work";

/** The engine's settings that speed depends on. */
export interface SpeedSettings extends Pick<
  EngineSettings,
  "maxNumSeqs" | "maxNumBatchedTokens" | "kvDtypeBytes" | "enforceEager" | "asyncScheduling"
> {
  /** GiB of weights kept in the node's memory, for each GPU. @default 0 */
  readonly cpuOffloadGib?: number;
}

/** What is to be timed, on whatever GPUs. */
export interface Timed {
  readonly shape: ModelShape;
  readonly layout: Layout;
  readonly network: Network;
  readonly settings: SpeedSettings;
  /** Mean length of a sequence while it is decoded, in tokens: what a step reads from the cache for each. */
  readonly contextTokens: number;
  /** Length of the prompt that the time to first token is for, in tokens. */
  readonly promptTokens: number;
  /** Requests at the same time on this replica; what is above `maxNumSeqs` waits. */
  readonly concurrency: number;
}

/** The same on GPUs. */
export interface SpeedRequest extends Timed {
  /** One GPU for each rank of one replica: the TP ranks of the first PP rank, then of the next. */
  readonly gpus: readonly Gpu[];
}

/** One PP rank: its cards, and the link to the next rank's. */
interface Stage extends Group {
  readonly next: Link | undefined;
}

function stagesOf({ shape, layout, network }: Timed, gpus: readonly Gpu[]): readonly Stage[] {
  const tp = layout.tensorParallel;
  if (gpus.length !== tp * layout.pipelineParallel) {
    throw new RangeError(`${gpus.length} GPUs for ${tp} x ${layout.pipelineParallel} ranks`);
  }
  return Array.from({ length: layout.pipelineParallel }, (_, rank) => {
    const group = gpus.slice(rank * tp, (rank + 1) * tp);
    const [from, to] = [gpus[rank * tp], gpus[(rank + 1) * tp]];
    return {
      rates: groupRates(
        group.map(({ model }) => model),
        shape.quantization,
      ),
      ranks: tp,
      link: slowestLink(group, network),
      slot: Math.min(...group.map(slotGBs)) * factors.GIGA,
      next: from === undefined || to === undefined ? undefined : linkBetween(from, to, network),
    };
  });
}

/** The part of one stage, with handing the step over to the next. */
function withHandOver(own: Terms, stage: Stage, shape: ModelShape, tokens: number): Terms {
  if (stage.next === undefined) return own;
  const bytes = factors.handedOver * tokens * shape.hidden * factors.activationBytes;
  const { memory, compute, link, launch } = own;
  return { memory, compute, link: link + sendSeconds(bytes, stage.next), launch: launch + factors.stageSeconds };
}

/** Tokens of the largest step that runs as a CUDA graph. */
const graphTokensOf = ({ enforceEager, maxNumSeqs }: SpeedSettings): number =>
  enforceEager ? 0 : Math.min(factors.graphTokensPerSlot * maxNumSeqs, factors.mostGraphTokens);

/** Each stage's part of a step, with the way to the next. */
function partsOf(request: Timed, stages: readonly Stage[], work: Work, step: Step): readonly Terms[] {
  const { shape, layout, settings } = request;
  const run = {
    graphTokens: graphTokensOf(settings),
    kvDtypeBytes: settings.kvDtypeBytes,
    offloadBytes: (settings.cpuOffloadGib ?? 0) * GIB,
    wholeExperts: layout.expertParallel === true,
  };
  return stages.map((stage, rank) => {
    const stageWork = work.stages[rank];
    if (stageWork === undefined) throw new RangeError(`work for ${work.stages.length} stages, not ${stages.length}`);
    return withHandOver(stageTerms(shape, stageWork, work, stage, step, run), stage, shape, step.tokens);
  });
}

const sumOf = (parts: readonly Terms[]): Terms => parts.reduce((sum, part) => addTerms(sum, part), noTime);

const slowestOf = (parts: readonly Terms[]): Terms =>
  parts.reduce((most, part) => (totalOf(part) > totalOf(most) ? part : most), noTime);

const launching = (time: number): Terms => ({ ...noTime, launch: time });

/**
 * Seconds between two tokens of a sequence when so many are decoded. PP ranks work on different parts of the batch at the
 * same time; a sequence has its next token when its part has gone through all of them, or when the slowest rank has done
 * every part, whichever is later: what the other ranks wait is the bubble. Each part is a step for the scheduler.
 */
function decodeTerms(request: Timed, stages: readonly Stage[], work: Work, batch: number): Terms {
  const { shape, settings, contextTokens } = request;
  const parts = Math.min(stages.length, batch);
  const perPart = batch / parts;
  const times = partsOf(request, stages, work, decodeStep(shape, perPart, contextTokens));
  const through = sumOf(times);
  const paced = addTerms(noTime, slowestOf(times), parts);
  const slower = totalOf(paced) > totalOf(through) ? paced : through;
  const own = addTerms(slower, launching(factors.stepSeconds + batch * factors.sequenceSeconds));
  const waiting = Math.max(0, parts * factors.hostSeconds - totalOf(own));
  return addTerms(own, launching(waiting + (settings.asyncScheduling ? 0 : factors.syncSchedulingSeconds)));
}

/**
 * Seconds of a prompt alone: its chunks go through the PP ranks one behind the other. A chunk is scheduled as soon as the
 * one before is under way. @see vllm/v1/core/sched/scheduler.py, _update_after_schedule
 */
function prefillTerms(request: Timed, stages: readonly Stage[], work: Work): Terms {
  const { shape, settings, promptTokens } = request;
  // The last chunk is a part of one: so is its time.
  const chunks = Math.max(1, promptTokens / settings.maxNumBatchedTokens);
  const times = partsOf(request, stages, work, chunkOf(shape, promptTokens, chunks));
  const all = addTerms(sumOf(times), slowestOf(times), chunks - 1);
  return addTerms(all, launching(factors.promptSeconds + Math.ceil(chunks) * factors.chunkSeconds));
}

function estimate(request: Timed, stages: readonly Stage[], work: Work): SpeedEstimate {
  const batch = Math.max(1, Math.min(request.concurrency, request.settings.maxNumSeqs));
  const alone = seconds(decodeTerms(request, stages, work, 1));
  const busy = batch === 1 ? alone : seconds(decodeTerms(request, stages, work, batch));
  return {
    promptTokens: request.promptTokens,
    timeToFirstToken: seconds(prefillTerms(request, stages, work)),
    interTokenAlone: alone,
    interTokenBusy: busy,
    concurrency: batch,
    tokensPerSecondAlone: rate(1, alone),
    tokensPerSecondBusy: rate(batch, busy),
  };
}

/**
 * Estimates one replica. `work` can be kept for all GPUs that are tried with one shape and layout.
 * @throws RangeError when there is not one GPU for each rank: a caller's mistake.
 */
export const speedOf = (request: SpeedRequest, work: Work = workOf(request.shape, request.layout)): SpeedEstimate =>
  estimate(request, stagesOf(request, request.gpus), work);

const sameLink = (a: Link | undefined, b: Link | undefined): boolean =>
  a === b || (a?.kind === b?.kind && a?.gbs === b?.gbs && a?.latency === b?.latency);

const alike = (a: readonly Stage[], b: readonly Stage[]): boolean =>
  a.every((one, rank) => {
    const other = b[rank];
    if (other?.rates !== one.rates || other.slot !== one.slot) return false;
    return sameLink(one.link, other.link) && sameLink(one.next, other.next);
  });

/**
 * Estimates the slowest of some replicas, while all slots are busy; undefined without any. Each is one GPU for each rank, as
 * in `SpeedRequest`. What is alike is timed once.
 */
export function slowestReplica(request: Timed, replicas: readonly (readonly Gpu[])[]): SpeedEstimate | undefined {
  const work = workOf(request.shape, request.layout);
  const timed: (readonly Stage[])[] = [];
  let slowest: SpeedEstimate | undefined;
  for (const gpus of replicas) {
    const stages = stagesOf(request, gpus);
    if (timed.some((others) => alike(stages, others))) continue;
    timed.push(stages);
    const own = estimate(request, stages, work);
    if (slowest === undefined || own.interTokenBusy.value > slowest.interTokenBusy.value) slowest = own;
  }
  return slowest;
}
