/** Names that are nearly right. */
import { distance } from "fastest-levenshtein";

/** Candidates by how far they are from a text, the nearest first. */
const ranked = (text: string, candidates: readonly string[], part: (name: string) => string = (name) => name) =>
  candidates
    .map((candidate) => ({ candidate, edits: distance(part(text).toLowerCase(), part(candidate).toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));

/** The nearest candidate that differs by a third of its letters at most, or by two. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const [best] = ranked(text, candidates);
  return best !== undefined && best.edits <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** The last part of a hub id, where people make their mistakes. */
const lastPart = (id: string): string => id.slice(id.lastIndexOf("/") + 1);

/** The three ids whose last parts are most like a text's. */
export const nearestModelIds = (text: string, ids: readonly string[]): readonly string[] =>
  ranked(text, ids, lastPart)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
