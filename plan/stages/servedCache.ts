/** Where a model's compile caches lie: a directory for each thing that they depend on. */
import type { EnginePlan } from "../cluster/types";
import type { Layout } from "../memory/layout";
import { digest } from "./servedNames";

/** Where the caches' part of the model volume is mounted, writable. */
export const cacheMount = "/cache";

/** Directory of the model volume that `cacheMount` shows. */
export const cacheSubPath = "cache";

/** What a compiled model depends on. */
export interface CacheFacts {
  readonly source: string;
  /** A commit, tag or branch. */
  readonly revision: string;
  /** Ray and vLLM, and the image they come in: it brings PyTorch and CUDA. */
  readonly versions: { readonly ray: string; readonly vllm: string; readonly image: string };
  readonly engine: EnginePlan;
  readonly layout: Layout;
  readonly environment: Readonly<Record<string, string>>;
  /** LoRA, multimodal limits: settings of the engine that the planner has no part in. */
  readonly more: object;
  /** Cards by their ids, and their compute capability. */
  readonly cards: readonly { readonly id: string; readonly computeCapability: number }[];
}

/** JSON with sorted keys, so that the order in which a plan was written changes nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}

/**
 * Names a cache: 16 hex digits over all that compiled code depends on. vLLM has a key of its own below it, but trusts that
 * the files there were written by itself; here another revision, engine, argument or GPU is another directory, so a stale
 * or foreign cache is never opened.
 */
export const cacheKey = (facts: CacheFacts): string => digest(canonical(facts), 16);
