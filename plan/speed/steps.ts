/** What one step runs over: one new token of each sequence, or a chunk of a prompt. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Step } from "./step";

/** Pairs when each sees all before it. */
const triangle = (tokens: number): number => (tokens * (tokens + 1)) / 2;

/** Pairs of each token of a prompt with those before it and itself, at most `window` back. */
function pairsOf(tokens: number, window: number): number {
  if (tokens <= window) return triangle(tokens);
  return triangle(window) + (tokens - window) * window;
}

/** One token of each of `batch` sequences of this mean length. */
export function decodeStep({ sliding }: ModelShape, batch: number, contextTokens: number): Step {
  const global = batch * contextTokens;
  const local = batch * Math.min(contextTokens, sliding?.window ?? contextTokens);
  return {
    prompt: false,
    tokens: batch,
    outputs: batch,
    globalPairs: global,
    localPairs: local,
    globalCache: global,
    localCache: local,
  };
}

/** The mean chunk of a prompt that makes so many (not always a whole number). What is in the cache before it is read once. */
export function chunkOf({ sliding }: ModelShape, promptTokens: number, chunks: number): Step {
  const before = (promptTokens * (chunks - 1)) / (2 * chunks);
  return {
    prompt: true,
    tokens: promptTokens / chunks,
    outputs: 1,
    globalPairs: pairsOf(promptTokens, promptTokens) / chunks,
    localPairs: pairsOf(promptTokens, sliding?.window ?? promptTokens) / chunks,
    globalCache: before,
    localCache: Math.min(before, sliding?.window ?? before),
  };
}
