/** Taints against tolerations: the platform's own, and those of what is going to run there. */
import type { Fault } from "../../../config/errors";
import { tolerationKeys } from "../groups";
import type { DeckhouseInput, Taint, Workload } from "../types";

type Toleration = Workload["tolerations"][number];

/** As the scheduler sees it. @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
function tolerates({ key, operator = "Equal", value = "", effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== "" && effect !== taint.effect) return false;
  if (key === undefined || key === "") return operator === "Exists";
  return key === taint.key && (operator === "Exists" || value === (taint.value ?? ""));
}

const inWords = ({ key, value, effect }: Taint): string => `${key}${value === undefined ? "" : `=${value}`}:${effect}`;

function platformFaults(input: DeckhouseInput): Fault[] {
  const keys = tolerationKeys(input);
  return input.pools.flatMap(({ taints = [] }, index) =>
    taints
      .filter(({ key }) => !keys.includes(key))
      .map(({ key }) => ({
        path: `pools[${index}].taint.key`,
        found: `${key}, and cluster.customTolerationKeys has ${keys.join(", ") || "no keys"}: the platform's own pods would stay Pending`,
        needed: "a key that cluster.customTolerationKeys has",
        fix: `add ${key} to cluster.customTolerationKeys`,
      })),
  );
}

/** A pod that prefers not to be there still gets there, so that only hard taints count. */
function workloadFaults({ path, pools: names, tolerations }: Workload, { pools }: DeckhouseInput): Fault[] {
  return pools.flatMap(({ name, taints = [] }, index) => {
    if (!names.includes(name)) return [];
    return taints
      .filter(({ effect }) => effect !== "PreferNoSchedule")
      .filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)))
      .map((taint) => {
        const keys = tolerations.map(({ key }) => key ?? "every key").join(", ") || "nothing";
        return {
          path,
          found: `tolerations of ${keys}, and pools[${index}] (${name}) has the taint ${inWords(taint)}: pods would stay Pending`,
          needed: `a toleration of ${taint.key}`,
          fix: `write the key ${taint.key} in ${path}, or change the taint of ${name}`,
        };
      });
  });
}

/** Faults in taints and tolerations. */
export const taintFaults = (input: DeckhouseInput): readonly Fault[] => [
  ...platformFaults(input),
  ...(input.workloads ?? []).flatMap((workload) => workloadFaults(workload, input)),
];
