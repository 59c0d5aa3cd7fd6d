/** `gpu`: how the nodes' GPUs become something that a pod can ask for. */
import * as z from "zod";
import { label, text, whole, word } from "../values";

const byPool = (value: z.ZodType<number>, error: string) => z.record(label(), value, { error }).default({});

/** `gpu`. */
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
    /** Minutes that the nodes get until their GPUs are there: drivers are compiled on the node (1 to 240). @default 45 */
    readyMinutes: whole(1, 240, "minutes").default(45),
  },
  { error: "a group of keys, such as `mode: gpuOperator`" },
);

export const gpuStackKeys = { gpu: gpuStackSchema.prefault({}) } as const;
