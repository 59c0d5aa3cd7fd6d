/** Faults of a what-if in the words of its command line: the planner names the keys of a stack file. */
import type { Fault } from "../../config/errors";

/** Key of a model in a stack file, and the option that stands for it here. */
const flags: Readonly<Record<string, string>> = {
  source: "--model",
  contextTokens: "--context",
  concurrency: "--concurrency",
  tensorParallelOverNetwork: "--tp-over-network",
  tensorParallel: "--tp",
  pipelineParallel: "--pp",
  replicas: "--replicas",
  gpuMemoryUtilization: "--utilization",
  kvCacheDtype: "--kv-dtype",
};

/** "lower contextTokens to 8192" becomes "lower --context to 8192"; "kvCacheDtype: fp8" becomes "--kv-dtype fp8". */
export function inFlags(text: string): string {
  return Object.entries(flags).reduce(
    (all, [key, flag]) => {
      if (key === "source" || key === flag.slice(2)) return all;
      const bare = all.replaceAll(`${key}: true`, flag).replaceAll(`${key}: `, `${flag} `);
      return bare.replace(new RegExp(`\\b${key}\\b`, "g"), flag);
    },
    text.replace(/\b(replicas|concurrency): /g, "--$1 "),
  );
}

/** The fault under the option that it is about. */
export function asTyped(fault: Fault): Fault {
  const match = /^models?(\[\d+\])?\.(\w+)/.exec(fault.path);
  const flag = flags[match?.[2] ?? ""];
  const path = flag === undefined ? fault.path : `${flag}${match?.[1] ?? ""}`;
  return { path, found: inFlags(fault.found), needed: inFlags(fault.needed), fix: inFlags(fault.fix) };
}
