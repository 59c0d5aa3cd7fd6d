/** Seconds by what they are spent on. */
import type { Bound, Figure } from "../cluster/types";

/** Where the seconds of a step go. They add up: what runs at the same time as something slower is left out. */
export interface Terms {
  readonly memory: number;
  readonly compute: number;
  readonly link: number;
  readonly launch: number;
}

export const noTime: Terms = { memory: 0, compute: 0, link: 0, launch: 0 };

export const totalOf = ({ memory, compute, link, launch }: Terms): number => memory + compute + link + launch;

/** `a` and `times` times `b`. */
export const addTerms = (a: Terms, b: Terms, times = 1): Terms => ({
  memory: a.memory + times * b.memory,
  compute: a.compute + times * b.compute,
  link: a.link + times * b.link,
  launch: a.launch + times * b.launch,
});

/** The largest part. */
export function boundOf({ memory, compute, link, launch }: Terms): Bound {
  const most = Math.max(memory, compute, link, launch);
  if (memory === most) return "memory bandwidth";
  if (compute === most) return "compute";
  return link === most ? "link" : "launch overhead";
}

/** So many seconds, as a figure. */
export const seconds = (terms: Terms): Figure => ({ value: totalOf(terms), boundBy: boundOf(terms) });

/** `count` in so many seconds, as a rate. */
export const rate = (count: number, time: Figure): Figure => ({ value: count / time.value, boundBy: time.boundBy });
