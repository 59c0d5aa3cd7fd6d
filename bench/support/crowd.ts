/** A stack of many models with many replicas each. */

/** So many models of 8 billion parameters, each replica on a GPU of its own, on nodes with eight. */
export const crowd = (models: number, replicas: number): Record<string, unknown> => ({
  platform: { kind: "existing" },
  pools: [
    {
      name: "gpu",
      count: Math.ceil((models * replicas) / 8),
      card: "a100-80g-sxm",
      gpusPerNode: 8,
      labels: { gpu: "yes" },
    },
  ],
  network: { gbitPerSecond: 100, rdma: true },
  ingress: { host: "llm.lan", tlsIssuer: "letsencrypt" },
  modelStore: { storageClass: "nfs" },
  monitoring: { kind: "prometheusOperator" },
  models: Array.from({ length: models }, (_, index) => ({
    source: "Qwen/Qwen3-8B",
    name: `model-${index + 1}`,
    revision: "v1",
    contextTokens: 8192,
    replicas,
  })),
});
