/** Stacks with everything that a Serve config can hold. */
import { changed, existing } from "../../../config/stacks";

/** Two models on nodes with eight GPUs, one of them with all that can be asked for. */
export const everything = {
  ...existing,
  pools: [{ name: "gpu", count: 2, card: "a100-80g-sxm", gpusPerNode: 8, labels: { gpu: "yes" } }],
  models: [
    {
      source: "Qwen/Qwen3-8B",
      name: "small",
      revision: "v1",
      replicas: 3,
      contextTokens: 8192,
      toolParser: "hermes",
      reasoningParser: "qwen3",
      cpuOffloadGib: 2,
      autoscaling: { minReplicas: 1, targetOngoingRequests: 6 },
      lora: { path: "s3://adapters/small", maxAdapters: 2, credentialsSecret: "adapters" },
    },
    {
      source: "google/gemma-3-27b-it",
      name: "gemma.27b/it",
      revision: "v1",
      tensorParallel: 2,
      replicas: 2,
      contextTokens: 8192,
      multimodal: { images: 4 },
    },
  ],
};

/** Unequal cards in one replica: layers are counted for each. */
export const mixed = {
  ...existing,
  pools: [
    { name: "large", count: 2, card: "rtx-3090", labels: { card: "large" } },
    { name: "little", count: 1, card: "rtx-3060", labels: { card: "little" } },
  ],
  models: [
    {
      source: "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
      name: "llama",
      revision: "v1",
      contextTokens: 2048,
      pipelineParallel: 3,
    },
  ],
};

/** With the head's state kept. */
export const kept = changed(existing, "serving", {
  faultTolerance: "redis",
  redisStorageGib: 2,
  redisStorageClass: "fast",
});
