/** Chooses where the model runs and what of this machine it may use. */
import { formatGib, gib, mib, mibToGib, type Gib } from "../catalog/units";
import { nvidiaDriverFloor } from "../catalog/versions";
import type { Fault } from "../config/errors";
import type { PlatformProfile } from "../config/schema";
import type { GpuFacts, LocalFacts, LocalPlan } from "./types";

/** Where the model runs. */
export interface Device {
  readonly accelerator: "cpu" | "cuda";
  /** Only there on a GPU. */
  readonly gpu?: NonNullable<LocalPlan["gpu"]>;
}

const cpu: Device = { accelerator: "cpu" };

/** First number of a driver version; NaN when there is none. */
const driverMajor = (driver: string): number => Number.parseInt(driver, 10);

const newEnough = (gpu: GpuFacts): boolean => driverMajor(gpu.driver) >= nvidiaDriverFloor;

/** The GPU with the most memory among those whose driver is new enough; the first of equals. */
function bestGpu(gpus: readonly GpuFacts[]): LocalPlan["gpu"] {
  return gpus
    .map((gpu, index) => ({ gpu, index }))
    .filter(({ gpu }) => newEnough(gpu))
    .sort((a, b) => b.gpu.memoryMib - a.gpu.memoryMib || a.index - b.index)
    .map(({ gpu, index }) => ({ index, name: gpu.name, memoryMib: gpu.memoryMib }))[0];
}

const describeGpu = (gpu: GpuFacts): string =>
  `${gpu.name} (${formatGib(mibToGib(mib(gpu.memoryMib)))}, driver ${gpu.driver})`;

/** Chooses CPU or GPU: what was asked for, or for `auto` a GPU that can be used, else the CPU with a reason. */
export function chooseDevice(
  platform: PlatformProfile,
  facts: LocalFacts,
  faults: Fault[],
  warnings: string[],
): Device {
  if (platform.accelerator === "cpu") return cpu;
  const gpu = bestGpu(facts.gpus);
  if (gpu !== undefined) {
    if (facts.gpus.length > 1)
      warnings.push(
        `of ${facts.gpus.length} GPUs only ${gpu.name} (number ${gpu.index}) is used: this version serves on one`,
      );
    return { accelerator: "cuda", gpu };
  }
  const [seen] = facts.gpus;
  if (platform.accelerator === "cuda") {
    faults.push({
      path: "platform.accelerator",
      found: seen === undefined ? "cuda, and no NVIDIA GPU on this machine" : `cuda, and ${describeGpu(seen)}`,
      needed: `an NVIDIA GPU with driver ${nvidiaDriverFloor} or newer (CUDA 13)`,
      fix: `${seen === undefined ? "check that `nvidia-smi` lists the GPU" : "update the driver"}, or write \`accelerator: cpu\``,
    });
  } else if (seen !== undefined) {
    warnings.push(
      `${describeGpu(seen)} is not used: its driver is older than ${nvidiaDriverFloor} (CUDA 13), so the model runs on the CPU`,
    );
  }
  return cpu;
}

/**
 * Threads for the model's arithmetic: all cores but one, so that Ray and the gateway get a turn. vLLM asks for that one
 * too, and measured on two cores its first answer takes 9 s instead of 2.4 s when it takes both.
 * @see vllm/utils/ompmultiprocessing.py, VLLM_CPU_NUM_OF_RESERVED_CPU
 */
export function cpuThreads(platform: PlatformProfile, facts: LocalFacts, faults: Fault[]): number {
  const asked = platform.cpuThreads;
  if (asked === undefined) return Math.max(1, facts.cpus - 1);
  if (asked > facts.cpus) {
    faults.push({
      path: "platform.cpuThreads",
      found: `${asked} threads, and ${facts.cpus} cores on this machine`,
      needed: `1 to ${facts.cpus}`,
      fix: "lower it, or remove it: more threads than cores make it slower",
    });
  }
  return asked;
}

/** Memory the stack may use. */
export function memoryGib(platform: PlatformProfile, facts: LocalFacts, faults: Fault[]): Gib {
  const asked = platform.memoryGib;
  if (asked !== undefined && asked > facts.memoryGib) {
    faults.push({
      path: "platform.memoryGib",
      found: `${asked} GiB, and ${formatGib(gib(facts.memoryGib))} on this machine`,
      needed: `at most ${formatGib(gib(facts.memoryGib))}`,
      fix: "lower it, or remove it to use all there is",
    });
  }
  return gib(Math.min(asked ?? facts.memoryGib, facts.memoryGib));
}
