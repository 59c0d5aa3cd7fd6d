/**
 * Whether a model's compile caches are filled before its first bring-up. A first start of vLLM compiles, and counts memory
 * that later ones do not need, so it ends with a smaller KV cache and stays so. Rule: yes, where a replica is on one node
 * (a Job has one pod) and either the cache gains a twentieth, or the model starts only when warm, or several replicas would
 * compile the same thing side by side. No without compilation, and not for a replica over several nodes: that is told.
 */
import type { ServingPlan } from "../cluster/types";
import { engineSeconds, gibOf } from "./servedTimes";
import { digest, shortName } from "./servedNames";
import type { Expectation, WarmPlan } from "./servedTypes";

/** Gain in KV tokens from which warming is worth its minutes. */
const worthGain = 0.05;

const leastKv = (plan: ServingPlan, state: "warm" | "cold"): number =>
  Math.min(...plan.memory[state].ranks.map(({ kvCache }) => kvCache));

/** What is expected of a model. */
export function expectationOf(plan: ServingPlan): Expectation {
  const { warm, cold } = plan.memory;
  return {
    coldKvGib: gibOf(leastKv(plan, "cold")),
    warmKvGib: gibOf(leastKv(plan, "warm")),
    coldTokens: cold.kv.tokens,
    warmTokens: warm.kv.tokens,
    weightsGib: gibOf(Math.max(...warm.ranks.map(({ weights }) => weights.total))),
  };
}

const number = (value: number): string => value.toLocaleString("en-US");

/** Why warming is worth it; undefined when it is not. */
export function warmReason(plan: ServingPlan): string | undefined {
  if (plan.engine.enforceEager) return undefined;
  const { warm, cold } = plan.memory;
  const gain = warm.kv.tokens - cold.kv.tokens;
  if (!cold.fits) return "it starts only once everything is compiled";
  if (gain >= worthGain * cold.kv.tokens) return `${number(gain)} KV tokens more (${number(cold.kv.tokens)} without)`;
  if (plan.replicas > 1)
    return `${plan.replicas} replicas start in some ${engineSeconds.warm} s instead of ${engineSeconds.cold} s`;
  return undefined;
}

/** The warming of one model, and what is told of it. */
export function planWarm(
  plan: ServingPlan,
  { oneNode, group, cache, wanted }: { oneNode: boolean; group: string; cache: string; wanted: boolean },
): { warm?: WarmPlan; note?: string; warning?: string } {
  const reason = warmReason(plan);
  if (reason === undefined) return {};
  if (wanted && oneNode) {
    const job = `warm-${shortName(plan.name)}-${digest(cache, 6)}`;
    const note = `${plan.name}: its compile cache is filled by a start before the first bring-up: ${reason}`;
    return { warm: { job, group, reason }, note };
  }
  const why = wanted ? "a replica over several nodes is not warmed beforehand" : "serving.warmCompileCache is never";
  if (!plan.memory.cold.fits)
    return { warning: `${plan.name}: ${reason}, and ${why}: its first start may fail and be tried again` };
  return { note: `${plan.name}: ${why}; its second start has ${reason}` };
}
