/** `gpu`: how the nodes' GPUs become something that a pod can ask for. */
import * as z from "zod";
import { label, text, whole, word } from "../values";

const byPool = (value: z.ZodType<number>, error: string) => z.record(label(), value, { error }).default({});

const resourceText = 'the name of an extended resource, like "rdma/hca"';
const resource = () =>
  text(/^(?=.{3,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/, resourceText);
const amountsText = 'a map of pools to resources and whole numbers, such as `gpu: { "rdma/hca": 1 }`';

/** `gpu.hamiResources`: what HAMi calls what it offers. @see HAMi v2.10.0, charts/hami/values.yaml */
const hamiResourcesSchema = z.strictObject(
  {
    /** A GPU, or a share of one. @default "nvidia.com/gpu" */
    gpu: resource().default("nvidia.com/gpu"),
    /** Its memory in MiB. @default "nvidia.com/gpumem" */
    memory: resource().default("nvidia.com/gpumem"),
    /** Its memory in percent. @default "nvidia.com/gpumem-percentage" */
    memoryPercentage: resource().default("nvidia.com/gpumem-percentage"),
    /** Its compute in percent. @default "nvidia.com/gpucores" */
    cores: resource().default("nvidia.com/gpucores"),
    /** Who goes first. @default "nvidia.com/priority" */
    priority: resource().default("nvidia.com/priority"),
  },
  { error: "a group of keys: gpu, memory, memoryPercentage, cores, priority" },
);

/** `gpu`: how the nodes' GPUs become something that a pod can ask for. */
export const gpuStackSchema = z.strictObject(
  {
    /**
     * Who makes `nvidia.com/gpu` allocatable: NVIDIA's GPU Operator; HAMi, which shares one GPU among pods, beside the
     * operator; or whoever made the nodes. @default "gpuOperator"
     */
    mode: word(["gpuOperator", "hami", "preinstalled"]).default("gpuOperator"),
    /** Who installs NVIDIA's driver on nodes of a cluster that is there already. @default "operator" */
    driver: word(["operator", "node"]).optional(),
    /** Who installs NVIDIA's container toolkit there. @default "operator" */
    toolkit: word(["operator", "node"]).optional(),
    /** Version of the operator's driver (580 or newer for CUDA 13). @default the operator's own */
    driverVersion: text(/^\d{3,4}\.\d{1,4}(?:\.\d{1,4})?$/, 'a driver version like "595.91.07"').optional(),
    /** How cards that are cut by MIG are offered: as GPUs, by their profiles, or not at all. @default "single" */
    migStrategy: word(["none", "single", "mixed"]).default("single"),
    /** Pods that share each GPU of a pool in turns (2 to 64), without a wall between their memories; no pool with a model. @default none */
    timeSlicing: byPool(whole(2, 64, "pods"), "a map of pools to numbers of pods"),
    /** Most watts that a card of a pool may draw (50 to 2000). @default the card's own limit */
    powerLimitWatts: byPool(whole(50, 2000, "watts"), "a map of pools to watts"),
    /** Runtime class of pods with a GPU where the nodes came with all; only for `mode: preinstalled`. @default none */
    runtimeClass: label().optional(),
    /** Pods that may share a GPU under HAMi (1 to 100). @default 10, HAMi's own */
    hamiSplitCount: whole(1, 100, "pods").optional(),
    /** Names of HAMi's resources; only for `mode: hami`. @default HAMi's own */
    hamiResources: hamiResourcesSchema.optional(),
    /**
     * Extended resources that each pod with GPUs of a pool asks for besides them, such as an RDMA device of a device plugin that
     * is there, or shares of HAMi. For RDMA the container runtime has to allow locked memory: pods may not raise it. @default none
     */
    podResources: z
      .record(label(), z.record(resource(), whole(1, 1_000_000, "pieces"), { error: amountsText }), {
        error: amountsText,
      })
      .default({}),
    /** Minutes that the nodes get until their GPUs are there: drivers are compiled on the node (1 to 240). @default 45 */
    readyMinutes: whole(1, 240, "minutes").default(45),
  },
  { error: "a group of keys, such as `mode: gpuOperator`" },
);

export const gpuStackKeys = { gpu: gpuStackSchema.prefault({}) } as const;
