/** The rules that vLLM enforces, told before anything is started; each rule names its place in vLLM 0.29.0's source. */
import type { Layout } from "./memory/layout";
import { capability, dtype, kvCacheDtype } from "./rules/devices";
import {
  expertParallel,
  experts,
  feedForward,
  gptOssExperts,
  heads,
  kvHeads,
  layerPartition,
  layers,
  linearHeads,
  vocabulary,
} from "./rules/division";
import { nearest } from "./rules/nearest";
import { notesOn } from "./rules/notes";
import { context, gpuMemoryUtilization, reasoningParser, toolParser } from "./rules/settings";
import { blockFp8, blockFp8Experts, expertGroups, groupSize } from "./rules/storage";
import type { BrokenRule, Candidate, Note, Rule, TensorGroup } from "./rules/types";

export { customAllReduceOff } from "./rules/notes";
export type { BrokenRule, Candidate, Note, RuleId, TensorGroup } from "./rules/types";

/** About the numbers that a layout must divide. */
const divisions: readonly Rule[] = [
  heads,
  kvHeads,
  linearHeads,
  feedForward,
  gptOssExperts,
  vocabulary,
  experts,
  expertParallel,
  layers,
  layerPartition,
];

/** About what a shard must be; asked only when everything divides, since half a head has no shard. */
const shards: readonly Rule[] = [blockFp8, blockFp8Experts, groupSize, expertGroups];

/** About the GPUs and the settings, whatever the layout. */
const settings: readonly Rule[] = [
  capability,
  dtype,
  kvCacheDtype,
  context,
  gpuMemoryUtilization,
  toolParser,
  reasoningParser,
];

function broken(rules: readonly Rule[], candidate: Candidate): BrokenRule[] {
  const found: BrokenRule[] = [];
  for (const rule of rules) {
    const fault = rule(candidate);
    if (fault !== undefined) found.push(fault);
  }
  return found;
}

/** Every rule about TP, PP and expert parallel that the layout breaks: what another layout could mend. */
export function brokenLayoutRules(candidate: Candidate): readonly BrokenRule[] {
  const found = broken(divisions, candidate);
  return found.length > 0 ? found : broken(shards, candidate);
}

/** Every rule about GPUs, formats and settings that is broken whatever the layout. */
export const brokenSettingRules = (candidate: Candidate): readonly BrokenRule[] => broken(settings, candidate);

/** Every rule that the candidate breaks, those of the layout first; empty when vLLM would accept it. */
export const brokenRules = (candidate: Candidate): readonly BrokenRule[] => [
  ...brokenLayoutRules(candidate),
  ...brokenSettingRules(candidate),
];

/** What is true of a candidate and no fault. `group`: the GPUs of one TP group, where they are known. */
export const notes = (candidate: Candidate, group?: TensorGroup): readonly Note[] => notesOn(candidate, group);

/**
 * Layouts near the candidate's that break no layout rule, on at most `gpuCount` GPUs: the same with expert parallel, the
 * nearest TP below and above, and one with another PP. At most four, nearest first; none when nothing works.
 */
export const nearestLayouts = (candidate: Candidate, gpuCount: number): readonly Layout[] =>
  nearest(candidate, gpuCount, (each) => brokenLayoutRules(each).length === 0);
