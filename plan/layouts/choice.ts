/** Which layout is taken: the order of preference, in one place. */
import type { Network } from "../cluster/hardware";
import type { ServingRequest, SpeedEstimate } from "../cluster/types";
import { slowestReplica } from "../speed";
import type { Option } from "./candidates";
import { overNetwork, reaches, type Replica } from "./groups";
import { wantedContext, type Fit } from "./settings";

/** Prompt of the time to first token, and mean length of a sequence while it is decoded, in tokens: a chat with some history. */
const typicalTokens = 2048;

/** A layout that starts, with its speed. */
export interface Scored extends Option {
  readonly fit: Fit;
  /** Of the slowest replica. */
  readonly speed: SpeedEstimate;
}

/** Speed of the slowest of these replicas with such a fit. */
export function slowestSpeed(
  request: ServingRequest,
  replicas: readonly Replica[],
  option: Pick<Scored, "layout" | "fit">,
  network: Network,
): SpeedEstimate | undefined {
  const { settings, concurrency } = option.fit;
  const tokens = Math.max(1, Math.min(typicalTokens, Math.floor(wantedContext(request) / 2), settings.maxModelLen - 1));
  const timed = {
    shape: request.shape,
    layout: option.layout,
    network,
    settings: { ...settings, cpuOffloadGib: request.pins.cpuOffloadGib ?? 0 },
    contextTokens: tokens,
    promptTokens: tokens,
    concurrency: Math.min(concurrency, settings.maxNumSeqs),
  };
  return slowestReplica(
    timed,
    replicas.map((replica) => replica.flat()),
  );
}

/** The option with its speed; undefined when it does not start. */
export function scored(request: ServingRequest, option: Option, network: Network): Scored | undefined {
  const { fit } = option;
  if (fit === undefined || fit.starts === "never") return undefined;
  const speed = slowestSpeed(request, option.samples, { layout: option.layout, fit }, network);
  return speed === undefined ? undefined : { ...option, fit, speed };
}

/** A layout with all of its replicas. */
export interface Chosen extends Scored {
  readonly replicas: readonly Replica[];
}

/** Tokens a second of all replicas together, the wanted requests spread over them (at least one each). */
export const throughput = ({ speed, count }: Scored): number => speed.tokensPerSecondBusy.value * count;

const gpusEach = ({ layout }: Option): number => layout.tensorParallel * layout.pipelineParallel;

/** PP and TP over a network stand on one step: there speed decides. */
const step = ({ reach }: Option): number => Math.min(reaches.indexOf(reach), reaches.indexOf("network"));

type Criterion = readonly [
  name: "starts" | "context" | "network" | "cache" | "order" | "speed" | "gpus",
  of: (option: Scored) => number,
];

/** What decides, first things first; more is better. */
const criteria: readonly Criterion[] = [
  ["starts", ({ fit }) => Number(fit.starts === "always")],
  ["context", ({ fit }) => (fit.useful ? Infinity : fit.settings.maxModelLen)],
  ["network", ({ reach }) => -Number(overNetwork(reach))],
  ["cache", ({ fit }) => Number(fit.enough)],
  ["order", (option) => -step(option)],
  ["speed", throughput],
  ["gpus", (option) => -gpusEach(option)],
];

export type Reason = Criterion[0];

const cardsOf = ({ cards }: Option): string => [...new Set(cards.map(({ id }) => id))].join();

/** There is one pool for each card; unequal cards are in none. */
const sameCards = (a: Option, b: Option): boolean =>
  a.pool === undefined || b.pool === undefined ? cardsOf(a) === cardsOf(b) : a.pool === b.pool;

/** The first criterion that tells two layouts apart; undefined when they are alike. */
function decisive(a: Scored, b: Scored): Criterion | undefined {
  const same = sameCards(a, b);
  return criteria.find(([name, of]) => (same || name !== "order") && of(a) !== of(b));
}

/** What `winner` is better in, and by which criterion it won; undefined when they are alike. */
export const decidedBy = (winner: Scored, loser: Scored): Reason | undefined => decisive(winner, loser)?.[0];

function compare(a: Scored, b: Scored): number {
  const criterion = decisive(a, b);
  return criterion === undefined ? 0 : criterion[1](b) > criterion[1](a) ? 1 : -1;
}

/** True when `a` would be taken before `b` if both had room. */
export const beats = (a: Scored, b: Scored): boolean => compare(a, b) < 0;

/**
 * All layouts, best first. The layout order (one GPU, TP in a node, PP in a node) decides between layouts on the same
 * card; between the best of two cards, speed does: a larger card that is slower is not taken for its size alone.
 */
export function ranked(pools: readonly (readonly Scored[])[]): readonly Scored[] {
  const queues = pools.map((own) => [...own].sort(compare));
  const result: Scored[] = [];
  for (;;) {
    const heads = queues.flatMap((queue) => (queue[0] === undefined ? [] : [{ queue, head: queue[0] }]));
    const best = heads.sort((a, b) => compare(a.head, b.head))[0];
    if (best === undefined) return result;
    best.queue.shift();
    result.push(best.head);
  }
}
