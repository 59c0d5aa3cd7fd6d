/** What cannot be asked of GPUs. */
import type { Fault } from "../../config/errors";
import { gpuResourceOf } from "./gpuResource";
import type { StageInput } from "./types";

/** @see devicePluginLabel, which the node carries as its pool's label */
const label = "nvidia.com/device-plugin.config";

function unknownPools({ profile: { gpu }, pools }: StageInput): readonly Fault[] {
  const names = pools.filter(({ gpusPerNode }) => gpusPerNode > 0).map(({ name }) => name);
  return (["timeSlicing", "powerLimitWatts", "podResources"] as const).flatMap((key) =>
    Object.keys(gpu[key])
      .filter((pool) => !names.includes(pool))
      .map((pool) => ({
        path: `gpu.${key}.${pool}`,
        found: `${pool}, which is no pool with GPUs`,
        needed: `one of ${names.join(", ") || "no pool: none has GPUs"}`,
        fix: "correct the name, or remove the line",
      })),
  );
}

/** Served names by the pools that their ranks are on. */
function poolsOfModels({ serving, hardware }: StageInput): ReadonlyMap<string, string> {
  const poolOf = new Map(hardware.gpus.map(({ id, pool }) => [id, pool]));
  const ranks = serving.models.flatMap(({ name, ranks }) =>
    ranks.map(({ gpu }) => [poolOf.get(gpu) ?? "", name] as const),
  );
  return new Map(ranks);
}

function sharedByModels(input: StageInput): readonly Fault[] {
  const models = poolsOfModels(input);
  return Object.entries(input.profile.gpu.timeSlicing).flatMap(([pool, pods]) => {
    const model = models.get(pool);
    if (model === undefined) return [];
    return [
      {
        path: `gpu.timeSlicing.${pool}`,
        found: `${pods} pods a GPU where ${model} runs`,
        needed: "whole GPUs for a model: shares have no wall between their memories, and two of them may be one card",
        fix: `remove the line, or give ${model} other pools by its \`pools\``,
      },
    ];
  });
}

function unlabelled({ profile: { gpu }, pools }: StageInput): readonly Fault[] {
  return Object.keys(gpu.timeSlicing).flatMap((name) => {
    const index = pools.findIndex((pool) => pool.name === name);
    const pool = pools[index];
    if (pool === undefined || pool.labels[label] === name) return [];
    return [
      {
        path: `pools[${index}].labels`,
        found: `no ${label}, by which a node chooses how its GPUs are shared`,
        needed: `"${label}": ${name}, as gpu.timeSlicing.${name} is set`,
        fix:
          pool.role === "nodes"
            ? `label the pool's nodes (kubectl label node <node> ${label}=${name}) and write the label here`
            : `write \`${label}: ${name}\` under the pool's labels`,
      },
    ];
  });
}

/** HAMi's library stands between an engine and CUDA: with NCCL and CUDA graphs over several GPUs that is not proven. */
function hamiFaults({ profile: { gpu }, serving }: StageInput): readonly Fault[] {
  if (gpu.mode !== "hami") return [];
  return serving.models.flatMap(({ layout }, index) =>
    layout.tensorParallel * layout.pipelineParallel > 1
      ? [
          {
            path: "gpu.mode",
            found: `hami, and models[${index}] on ${layout.tensorParallel * layout.pipelineParallel} GPUs (TP ${layout.tensorParallel} x PP ${layout.pipelineParallel})`,
            needed: "models of one GPU each under HAMi, whose hook into CUDA does not go with NCCL over several",
            fix: "write `mode: gpuOperator`, or serve a model that fits one GPU",
          },
        ]
      : [],
  );
}

/** Keys that another platform or mode has no use for: kept or refused, never ignored. */
function misplaced({ profile: { gpu, platform } }: StageInput): readonly Fault[] {
  const onProxmox = platform.kind !== "proxmox" ? [] : (["driver", "toolkit"] as const).filter((key) => gpu[key]);
  return [
    ...onProxmox.map((key) => ({
      path: `gpu.${key}`,
      found: `${gpu[key] ?? ""} on a cluster that Deckhouse makes`,
      needed: "no such key: Deckhouse prepares the nodes",
      fix: `write it as \`cluster.nvidia.${key}\``,
    })),
    ...(gpu.mode === "preinstalled" ? Object.keys(gpu.powerLimitWatts) : []).map((pool) => ({
      path: `gpu.powerLimitWatts.${pool}`,
      found: `${gpu.powerLimitWatts[pool]} W under mode preinstalled`,
      needed: "no such key: the limit is kept beside the operator, with its driver",
      fix: "set the limit where the nodes are made, or write `mode: gpuOperator`",
    })),
    ...(gpu.runtimeClass !== undefined && gpu.mode !== "preinstalled"
      ? [
          {
            path: "gpu.runtimeClass",
            found: `${gpu.runtimeClass} under mode ${gpu.mode}`,
            needed: "no such key: the operator makes the runtime class `nvidia`",
            fix: "remove it, or write `mode: preinstalled`",
          },
        ]
      : []),
    ...(gpu.mode === "hami" ? [] : (["hamiSplitCount", "hamiResources"] as const))
      .filter((key) => gpu[key] !== undefined)
      .map((key) => ({
        path: `gpu.${key}`,
        found: `${key === "hamiSplitCount" ? (gpu[key] ?? "") : "names"} under mode ${gpu.mode}`,
        needed: "no such key without HAMi",
        fix: "remove it, or write `mode: hami`",
      })),
  ];
}

/** A pod asks for its GPUs by the plan's number of them, once. */
function gpusTwice({ profile: { gpu } }: StageInput): readonly Fault[] {
  const own = gpuResourceOf(gpu);
  return Object.entries(gpu.podResources).flatMap(([pool, amounts]) =>
    amounts[own] === undefined
      ? []
      : [
          {
            path: `gpu.podResources.${pool}["${own}"]`,
            found: `${amounts[own]}, beside the GPUs that the plan gives each pod`,
            needed: "other resources than the GPUs themselves",
            fix: "remove it; `models[].tensorParallel` says how many GPUs a pod has",
          },
        ],
  );
}

/** Every fault of stage 4. */
export const gpuFaults = (input: StageInput): readonly Fault[] => [
  ...unknownPools(input),
  ...sharedByModels(input),
  ...unlabelled(input),
  ...hamiFaults(input),
  ...misplaced(input),
  ...gpusTwice(input),
];
