/** Plans made by hand, with memory as the planner counts it: for what shows plans. The speeds are made up. */
import assert from "node:assert/strict";
import { gpuModel } from "../../../catalog/gpus";
import { bytes } from "../../../catalog/units";
import type { Gpu, Hardware } from "../../../plan/cluster/hardware";
import type { Bound, Figure, ServingPlan, SpeedEstimate } from "../../../plan/cluster/types";
import type { ClusterView } from "../../../plan/explain/view";
import { memoryOf, type MemoryEstimate } from "../../../plan/memory";
import type { VmGpu, VmPlan } from "../../../plan/placement/types";
import { shapeOf } from "../memory/cases";

/** GPUs of one node; with NVLink all in one group. */
export function nodeOf(node: string, card: string, gpus: number, more: Partial<Gpu> = {}): Gpu[] {
  const model = gpuModel(card);
  assert.ok(model, card);
  const slot = { generation: model.pcie.generation, width: model.pcie.width };
  return Array.from({ length: gpus }, (_, index) => ({
    id: `${node}/${index}`,
    model,
    node,
    pool: model.id,
    slot,
    passthrough: false,
    ...more,
  }));
}

/** So many nodes that are alike. */
export const nodesOf = (prefix: string, nodes: number, card: string, gpus: number, more: Partial<Gpu> = {}): Gpu[] =>
  Array.from({ length: nodes }, (_, index) => nodeOf(`${prefix}-${index + 1}`, card, gpus, more)).flat();

const figure = (value: number, boundBy: Bound): Figure => ({ value, boundBy });

export const speed: SpeedEstimate = {
  promptTokens: 4096,
  timeToFirstToken: figure(3.12, "compute"),
  interTokenAlone: figure(0.0463, "memory bandwidth"),
  interTokenBusy: figure(0.0661, "memory bandwidth"),
  concurrency: 8,
  tokensPerSecondAlone: figure(21.6, "memory bandwidth"),
  tokensPerSecondBusy: figure(121, "memory bandwidth"),
};

/** What to serve, where. */
export interface Serving {
  readonly model: string;
  readonly gpus: readonly Gpu[];
  readonly tensorParallel?: number;
  readonly pipelineParallel?: number;
  readonly maxModelLen?: number;
  readonly more?: Partial<ServingPlan>;
}

/** A plan on all of these GPUs: as many replicas as there are groups of TP x PP. */
export function servingPlan(serving: Serving): ServingPlan {
  const { model, gpus, tensorParallel = 1, pipelineParallel = 1, maxModelLen = 8192, more = {} } = serving;
  const shape = shapeOf(model);
  const layout = { tensorParallel, pipelineParallel };
  const engine = {
    dtype: "bfloat16",
    kvCacheDtype: "auto",
    maxModelLen,
    maxNumSeqs: 16,
    maxNumBatchedTokens: 2048,
    gpuMemoryUtilization: 0.9,
    enforceEager: false,
    blockSize: 16,
    asyncScheduling: false,
    disableCustomAllReduce: true,
    cpuOffloadGib: 0,
  } as const;
  const perReplica = tensorParallel * pipelineParallel;
  const ranks = gpus.map((gpu, index) => ({
    replica: Math.floor(index / perReplica),
    pipelineRank: Math.floor((index % perReplica) / tensorParallel),
    tensorRank: index % tensorParallel,
    gpu: gpu.id,
    node: gpu.node,
  }));
  const gpuBytes = Array.from({ length: pipelineParallel }, (_, rank) => {
    const cards = gpus.filter((_gpu, index) => ranks[index]?.pipelineRank === rank);
    return Math.min(...cards.map((card) => card.model.cudaTotalMib * 2 ** 20));
  });
  const memory = (compileCache: "cold" | "warm"): MemoryEstimate =>
    memoryOf({ shape, layout, settings: { ...engine, kvDtypeBytes: 2, compileCache }, gpuBytes });
  return {
    name: model,
    shape,
    layout,
    replicas: gpus.length / perReplica,
    ranks,
    engine,
    placementStrategy: new Set(gpus.slice(0, perReplica).map(({ node }) => node)).size > 1 ? "PACK" : "STRICT_PACK",
    environment: { NCCL_IB_DISABLE: "1" },
    sharedMemory: bytes(2 ** 30),
    memory: { warm: memory("warm"), cold: memory("cold") },
    speed,
    runnersUp: [],
    reasons: [],
    warnings: [],
    ...more,
  };
}

/** Models on hardware; all GPUs without a rank are idle. */
export function viewOf(
  title: string,
  hardware: Hardware,
  models: readonly ServingPlan[],
  reason = "not needed",
): ClusterView {
  const used = new Set(models.flatMap(({ ranks }) => ranks.map(({ gpu }) => gpu)));
  const idle = hardware.gpus.filter(({ id }) => !used.has(id)).map(({ id }) => ({ gpu: id, reason }));
  return { title, hardware, serving: { models, idle }, warnings: [] };
}

const tenGbe = { gbitPerSecond: 10, rdma: false };

/** The homelab: three RTX 3090 and an RTX 3060 in four machines. */
export function homelab(): ClusterView {
  const large = nodesOf("gpu", 3, "3090", 1, { passthrough: true });
  const small = nodeOf("gpu-small", "3060", 1, { passthrough: true });
  const plan = servingPlan({
    model: "google/gemma-3-27b-it",
    gpus: large,
    pipelineParallel: 3,
    maxModelLen: 4096,
    more: {
      name: "gemma-3-27b",
      runnersUp: [
        {
          layout: { tensorParallel: 3, pipelineParallel: 1 },
          replicas: 1,
          gpus: ["gpu-1/0", "gpu-2/0", "gpu-3/0"],
          reason: "TP 3 on RTX 3090 over 10 Gb/s Ethernet: 3 does not divide the 32 attention heads; 2 and 4 do",
          fits: false,
        },
        {
          layout: { tensorParallel: 2, pipelineParallel: 1 },
          replicas: 1,
          gpus: ["gpu-1/0", "gpu-2/0"],
          reason:
            "TP 2 on RTX 3090 over 10 Gb/s Ethernet: 25.9 GiB of weights on each GPU, and 21.2 GiB are its share; over 10 GbE it would give 4 tokens/s",
          fits: false,
        },
        {
          layout: { tensorParallel: 1, pipelineParallel: 2 },
          replicas: 1,
          gpus: ["gpu-1/0", "gpu-2/0"],
          reason: "PP 2 on RTX 3090 over 10 Gb/s Ethernet: 26.0 GiB of weights on each GPU, and 21.2 GiB are its share",
          fits: false,
        },
      ],
      reasons: ["PP and not TP: two all-reduces a layer over 10 GbE would take 210 ms a token; PP sends 10 KiB."],
      warnings: ["gemma-3-27b: at the first start the compile cache is cold and 6,144 KV tokens fewer fit"],
    },
  });
  const reason =
    "RTX 3060 12GB, 12 GiB: 12 GB beside three cards of 24 GB would set the pace of all; Qwen/Qwen3-8B-AWQ would fit on it with 16,384 tokens of context";
  return viewOf("homelab", { gpus: [...large, ...small], network: tenGbe }, [plan], reason);
}

/** Qwen3 235B on one machine with eight A100. */
export function eightA100(): ClusterView {
  const gpus = nodeOf("a100", "a100", 8, { nvlinkGroup: "a100" });
  const plan = servingPlan({
    model: "Qwen/Qwen3-235B-A22B-Instruct-2507",
    gpus,
    tensorParallel: 8,
    maxModelLen: 131072,
  });
  return viewOf("qwen3-235b", { gpus, network: { gbitPerSecond: 100, rdma: true } }, [plan]);
}

/** Sixty-four H100 in eight machines, two models, one machine idle. */
export function large(): ClusterView {
  const gpus = Array.from({ length: 8 }, (_, index) =>
    nodeOf(`h100-node-${index + 1}`, "h100", 8, { nvlinkGroup: `h100-node-${index + 1}` }),
  ).flat();
  const first = servingPlan({
    model: "deepseek-ai/DeepSeek-R1",
    gpus: gpus.slice(0, 32),
    tensorParallel: 8,
    pipelineParallel: 2,
  });
  const second = servingPlan({
    model: "meta-llama/Llama-3.3-70B-Instruct",
    gpus: gpus.slice(32, 56),
    tensorParallel: 2,
  });
  return viewOf("datacentre", { gpus, network: { gbitPerSecond: 400, rdma: true } }, [first, second]);
}

/** Three replicas of a small model on pairs of cards that NVLink bridges join. */
export function bridged(): ClusterView {
  const pairs = ["a", "b"].flatMap((node) =>
    nodeOf(node, "3090", 4).map((gpu, index) => ({ ...gpu, nvlinkGroup: `${node}-${Math.floor(index / 2)}` })),
  );
  const plan = servingPlan({ model: "Qwen/Qwen3-32B-AWQ", gpus: pairs.slice(0, 6), tensorParallel: 2 });
  return viewOf("bridged", { gpus: pairs, network: tenGbe }, [plan], "no request needs it");
}

/** The homelab on four Proxmox hosts, with masters and a card that no VM has. */
export function proxmoxHomelab(): ClusterView {
  const view = homelab();
  const gpuOf = (host: string, card: string): VmGpu => ({
    name: `${host}-gpu0`,
    pci: "0000:01:00.0",
    card,
    mapping: `tokenrack-${host}-01-00`,
  });
  const vm = (
    name: string,
    index: number,
    host: string,
    role: VmPlan["role"],
    cards: readonly string[] = [],
  ): VmPlan => ({
    name,
    vmid: 2000 + index,
    address: `192.168.2.${50 + index}`,
    pool: role,
    role,
    host,
    cores: role === "gpu" ? 12 : 4,
    memoryGib: role === "gpu" ? 48 : 8,
    diskGib: 120,
    gpus: cards.map((card) => gpuOf(host, card)),
  });
  const vms = [
    ...["pve-1", "pve-2", "pve-3"].map((host, index) => vm(`master-${index + 1}`, index, host, "master")),
    ...["pve-1", "pve-2", "pve-3"].map((host, index) => vm(`gpu-${index + 1}`, 10 + index, host, "gpu", ["rtx-3090"])),
    vm("gpu-small", 20, "pve-4", "gpu", ["rtx-3060"]),
  ];
  const hosts = ["pve-1", "pve-2", "pve-3", "pve-4"].map((name) => {
    const own = vms.filter(({ host }) => host === name);
    const sum = (key: "cores" | "memoryGib"): number => own.reduce((total, one) => total + one[key], 0);
    return {
      name,
      vms: own.map((one) => one.name),
      cores: { total: 24, used: sum("cores") },
      memoryGib: { total: 60, used: sum("memoryGib") },
    };
  });
  const spareGpus = [{ name: "pve-4-gpu1", host: "pve-4", pci: "0000:02:00.0", card: "rtx-3060" }];
  return { ...view, placement: { vms, hosts, spareGpus, warnings: [] } };
}
