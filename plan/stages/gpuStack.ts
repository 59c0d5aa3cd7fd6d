/** Stage 4: what makes GPUs allocatable, for which pools, and what is then counted on every node. */
import type { Fault } from "../../config/errors";
import type { ClusterProfile } from "../../config/schema";
import { minutesToSeconds } from "../../catalog/units";
import type { PoolPlan } from "../types";
import { planChart, type ChartPlan } from "./charts";
import { gpuFaults } from "./gpuFaults";
import { gpuResourceOf } from "./gpuResource";
import { planPull, type PullPlan } from "./images";
import { namespaces } from "./names";
import { onAnyOf, onPool } from "./scheduling";
import type { Scheduling, Staged, StageInput, Toleration } from "./types";

/** Node label by which a node chooses its configuration of the device plugin. @see https://github.com/NVIDIA/k8s-device-plugin */
export const devicePluginLabel = "nvidia.com/device-plugin.config";

/** How the GPU Operator is installed. */
export interface GpuOperatorPlan extends PullPlan {
  readonly chart: ChartPlan;
  readonly namespace: string;
  /** Whether it installs the driver, and which; false where the nodes have one. */
  readonly driver: false | { readonly version?: string };
  /** Whether it installs the container toolkit, and where containerd's part goes that is not its default. */
  readonly toolkit: false | { readonly dropIn?: string };
  readonly migStrategy: "none" | "single" | "mixed";
  /** Pods that share a GPU, by the device plugin's configuration that a node names by its label; empty for none. */
  readonly timeSlicing: Readonly<Record<string, number>>;
  /** False where HAMi has the device plugin. */
  readonly devicePlugin: boolean;
  /** Of its pods on GPU nodes, of the operator itself and of node feature discovery: the taints of all GPU pools. */
  readonly tolerations: readonly Toleration[];
}

/** Names of HAMi's resources. */
export type HamiResources = NonNullable<ClusterProfile["gpu"]["hamiResources"]>;

/** How HAMi is installed. */
export interface HamiPlan extends PullPlan {
  readonly chart: ChartPlan;
  readonly namespace: string;
  /** Pods that may share one GPU. */
  readonly splitCount: number;
  /** What it calls what it offers. @default its own names */
  readonly resources?: HamiResources;
  readonly tolerations: readonly Toleration[];
}

/** What a pool has to offer before the next stage. */
export interface GpuPoolPlan {
  readonly name: string;
  readonly count: number;
  /** GPUs, or shares of them, of one node. */
  readonly allocatable: number;
  readonly scheduling: Scheduling;
  /** Most watts of a card. */
  readonly powerLimitWatts?: number;
}

/** Stage 4 as decided. */
export interface GpuStackPlan {
  readonly mode: "gpuOperator" | "hami" | "preinstalled";
  readonly operator?: GpuOperatorPlan;
  readonly hami?: HamiPlan;
  /** Extended resource of one GPU. */
  readonly resource: string;
  /** Runtime class of pods with a GPU. */
  readonly runtimeClass?: string;
  readonly pools: readonly GpuPoolPlan[];
  /** Seconds until the GPUs have to be allocatable. */
  readonly readySeconds: number;
}

/** HAMi's own. @see HAMi v2.10.0, charts/hami/values.yaml, devicePlugin.deviceSplitCount */
const hamiSplitCount = 10;

function planOperator(input: StageInput, gpuPools: readonly PoolPlan[]): GpuOperatorPlan {
  const { gpu } = input.profile;
  const nodes = input.deckhouse?.nvidia;
  const { driver = nodes?.driver ?? "operator", toolkit = nodes?.toolkit ?? "operator" } = gpu;
  // Deckhouse empties the directory that the operator writes to by default under containerd 2.
  const dropIn = nodes?.containerd === 2 ? { dropIn: nodes.dropIn } : {};
  return {
    chart: planChart(input.profile, "gpuOperator"),
    namespace: namespaces.gpuOperator,
    ...planPull(input.profile),
    driver: driver === "node" ? false : gpu.driverVersion === undefined ? {} : { version: gpu.driverVersion },
    toolkit: toolkit === "node" ? false : dropIn,
    migStrategy: gpu.migStrategy,
    timeSlicing: gpu.timeSlicing,
    devicePlugin: gpu.mode === "gpuOperator",
    tolerations: onAnyOf(gpuPools).tolerations,
  };
}

function planPool(pool: PoolPlan, { profile: { gpu } }: StageInput): GpuPoolPlan {
  const shares = gpu.mode === "hami" ? (gpu.hamiSplitCount ?? hamiSplitCount) : (gpu.timeSlicing[pool.name] ?? 1);
  const watts = gpu.powerLimitWatts[pool.name];
  return {
    name: pool.name,
    count: pool.count,
    allocatable: pool.gpusPerNode * shares,
    scheduling: onPool(pool),
    ...(watts === undefined ? {} : { powerLimitWatts: watts }),
  };
}

function planHami({ profile }: StageInput, gpuPools: readonly PoolPlan[]): HamiPlan {
  return {
    chart: planChart(profile, "hami"),
    namespace: namespaces.hami,
    ...planPull(profile),
    splitCount: profile.gpu.hamiSplitCount ?? hamiSplitCount,
    ...(profile.gpu.hamiResources === undefined ? {} : { resources: profile.gpu.hamiResources }),
    tolerations: onAnyOf(gpuPools).tolerations,
  };
}

/** Plans stage 4. */
export function planGpuStack(input: StageInput): Staged<GpuStackPlan> {
  const { gpu } = input.profile;
  const gpuPools = input.pools.filter(({ gpusPerNode }) => gpusPerNode > 0);
  const faults: readonly Fault[] = gpuFaults(input);
  const { mode } = gpu;
  const runtimeClass = mode === "preinstalled" ? gpu.runtimeClass : "nvidia";
  const plan: GpuStackPlan = {
    mode,
    resource: gpuResourceOf(gpu),
    ...(mode === "preinstalled" ? {} : { operator: planOperator(input, gpuPools) }),
    ...(mode === "hami" ? { hami: planHami(input, gpuPools) } : {}),
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    pools: gpuPools.map((pool) => planPool(pool, input)),
    readySeconds: minutesToSeconds(gpu.readyMinutes),
  };
  return { plan, faults, warnings: [] };
}
