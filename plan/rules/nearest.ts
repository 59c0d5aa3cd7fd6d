/** Layouts that work, near one that does not. */
import type { Layout } from "../memory/layout";
import type { Candidate } from "./types";

/** Says whether a candidate's layout breaks no rule; rules.ts gives it, so that no rule is named here. */
type Works = (candidate: Candidate) => boolean;

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** The candidate's layout with another TP and PP; a partition holds for its own PP only. */
function withSizes(layout: Layout, tensorParallel: number, pipelineParallel: number): Layout {
  if (pipelineParallel === layout.pipelineParallel) return { ...layout, tensorParallel };
  const { expertParallel } = layout;
  return { tensorParallel, pipelineParallel, ...(expertParallel === undefined ? {} : { expertParallel }) };
}

/** The last of the working ones below, and the first above, with the same PP. */
function sameDepth(candidate: Candidate, gpuCount: number, works: Works): readonly Layout[] {
  const { layout } = candidate;
  const largest = Math.floor(gpuCount / layout.pipelineParallel);
  const fits = (tp: number): boolean => works({ ...candidate, layout: withSizes(layout, tp, layout.pipelineParallel) });
  const below = [...range(1, Math.min(layout.tensorParallel - 1, largest))].reverse().find(fits);
  const above = range(layout.tensorParallel + 1, largest).find(fits);
  return [below, above].flatMap((tp) => (tp === undefined ? [] : [withSizes(layout, tp, layout.pipelineParallel)]));
}

/** The largest working layout with another PP, on no more GPUs than the candidate's own or the stack's: the widest TP first. */
function otherDepths(candidate: Candidate, gpuCount: number, works: Works): readonly Layout[] {
  const { layout, shape } = candidate;
  const wanted = Math.min(layout.tensorParallel * layout.pipelineParallel, gpuCount);
  const layouts = range(1, Math.min(wanted, shape.layers))
    .filter((pp) => pp !== layout.pipelineParallel)
    .flatMap((pp) => {
      const tp = [...range(1, Math.floor(wanted / pp))]
        .reverse()
        .find((each) => works({ ...candidate, layout: withSizes(layout, each, pp) }));
      return tp === undefined ? [] : [withSizes(layout, tp, pp)];
    });
  const size = (each: Layout): number => each.tensorParallel * each.pipelineParallel;
  return layouts.sort((a, b) => size(b) - size(a) || b.tensorParallel - a.tensorParallel).slice(0, 1);
}

/** The same layout with whole experts on each rank, or without them in a model that has none. */
function otherExperts(candidate: Candidate, gpuCount: number, works: Works): readonly Layout[] {
  const { layout, shape, pins } = candidate;
  const asked = layout.expertParallel === true;
  if (asked === (shape.moe !== undefined) || pins.expertParallel === false) return [];
  const other = asked ? sliced(layout) : { ...layout, expertParallel: true };
  const room = layout.tensorParallel * layout.pipelineParallel <= gpuCount;
  return room && works({ ...candidate, layout: other }) ? [other] : [];
}

function sliced(layout: Layout): Layout {
  const { expertParallel, ...rest } = layout;
  return expertParallel === true ? rest : layout;
}

/** Without expert parallel where there are no experts: else no other size would work either. */
const sensible = (candidate: Candidate): Candidate =>
  candidate.shape.moe === undefined ? { ...candidate, layout: sliced(candidate.layout) } : candidate;

/** Nearest first: with experts whole or not, the TP below and above, then another PP. At most four; none when nothing works. */
export function nearest(candidate: Candidate, gpuCount: number, works: Works): readonly Layout[] {
  const base = sensible(candidate);
  return [
    ...otherExperts(candidate, gpuCount, works),
    ...sameDepth(base, gpuCount, works),
    ...otherDepths(base, gpuCount, works),
  ];
}
