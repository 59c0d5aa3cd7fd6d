/** All layouts of one model on all cards it may use, sorted into what starts and what does not. */
import {
  forbiddenTensor,
  isFull,
  layerBytesOf,
  pipelineOptions,
  plainOptions,
  type Option,
  type Site,
} from "./candidates";
import { ranked, scored, type Scored } from "./choice";
import type { Asked } from "./faults";
import { overNetwork } from "./groups";
import { mixedOptions } from "./mixed";
import type { CardPool } from "./pools";
import type { Considered } from "./runnersUp";

/** What was found for one model, as if it had all GPUs for itself. */
export interface Found {
  /** What starts, best first. */
  readonly ranked: readonly Scored[];
  /** What does not. */
  readonly failed: readonly Option[];
  /** TP over a network that nobody allowed, for comparison. */
  readonly forbidden: readonly Considered[];
}

/** A layout that holds what is wanted without the network, as many times as there must be replicas. */
const fullInside = (options: readonly Option[], least: number): Option | undefined =>
  options.find((option) => isFull(option) && option.count >= least && !overNetwork(option.reach));

/**
 * Looks at every layout worth looking at. PP only where no node holds the model without, or when `beside` other models
 * its place may be taken; unequal cards only when equal ones do not hold it.
 */
export function search({ request, pools, hardware: { network } }: Asked, beside: boolean): Found {
  const least = request.pins.replicas ?? 1;
  const score = (option: Option): readonly Scored[] => {
    const result = option.count < least ? undefined : scored(request, option, network);
    return result === undefined ? [] : [result];
  };
  const layerBytes = layerBytesOf(request.shape);
  const siteOf = (pool: CardPool): Site => ({ request, pool, network, layerBytes });
  const sites = pools.map(siteOf);
  const plain = sites.map(plainOptions);
  const inside = plain.some((options) => fullInside(options, least) !== undefined);
  const alike = sites.map((site, index) => {
    const own = plain[index] ?? [];
    const full = fullInside(own, least)?.layout.tensorParallel;
    return [...own, ...pipelineOptions(site, inside && !beside ? (full ?? 1) : undefined)];
  });
  const starting = alike.map((options) => options.flatMap(score));
  const useful = starting.flat().some(({ fit }) => fit.starts === "always" && fit.useful);
  const mixed = useful ? [] : mixedOptions(request, pools);
  const all = ranked([...starting, mixed.flatMap(score)]);
  const started = new Set(all.map(({ layout }) => layout));
  const pool = all[0]?.pool;
  const over = pool === undefined ? undefined : forbiddenTensor(siteOf(pool));
  return {
    ranked: all,
    failed: [...alike.flat(), ...mixed].filter(({ layout }) => !started.has(layout)),
    forbidden: over === undefined ? [] : [scored(request, over, network) ?? over],
  };
}
