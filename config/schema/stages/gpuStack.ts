/** `gpu`: how the nodes' GPUs become something that a pod can ask for. */
import * as z from "zod";
import { word } from "../values";

/** `gpu`. */
export const gpuStackSchema = z.strictObject(
  {
    /**
     * Who makes `nvidia.com/gpu` allocatable: NVIDIA's GPU Operator; HAMi, which shares one GPU among pods; or whoever made
     * the nodes. @default "gpuOperator"
     */
    mode: word(["gpuOperator", "hami", "preinstalled"]).default("gpuOperator"),
  },
  { error: "a group of keys, such as `mode: gpuOperator`" },
);

export const gpuStackKeys = { gpu: gpuStackSchema.prefault({}) } as const;
