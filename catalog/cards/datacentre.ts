import { datasheet, date, oom, pcie4, pcie5, type GpuModel } from "./gpuModel";

/** What all Ampere datacentre cards with 80 GB share. */
const a100 = {
  memoryMib: 81920,
  cudaTotalMib: 81152, // 79.25 GiB
  bf16Tflops: 312,
  int8Tops: 624,
  pcie: pcie4,
  peerToPeer: true,
  computeCapability: 80,
  audioPci: [],
  source: `${datasheet}; ${oom}`,
  date,
} as const;

/** The first A100, with half the memory. The CUDA total is the least of what is seen: 39.39 to 39.59 GiB. */
const a100half = { ...a100, memoryMib: 40960, cudaTotalMib: 40335, bandwidthGBs: 1555 } as const;

/** What both H100 cards with 80 GB share. */
const h100 = {
  memoryMib: 81559,
  cudaTotalMib: 81080, // 79.18 GiB
  pcie: pcie5,
  peerToPeer: true,
  computeCapability: 90,
  audioPci: [],
  source: `${datasheet}; ${oom}`,
  date,
} as const;

/** What both H200 cards share; the CUDA total was measured (150,109,880,320 B). */
const h200 = {
  memoryMib: 143771,
  cudaTotalMib: 143155,
  bandwidthGBs: 4800,
  nvlink: { gbs: 900, wiring: "switch" },
  pcie: pcie5,
  peerToPeer: true,
  computeCapability: 90,
  audioPci: [],
  source: `${datasheet}; CUDA total measured with vLLM 0.26.0`,
  date,
} as const;

/** Datacentre cards. They have no audio function. */
export const datacentre: readonly GpuModel[] = [
  {
    ...a100,
    id: "a100-80g-sxm",
    name: "A100 80GB SXM4",
    aliases: ["a100", "A100-80G", "A100-SXM", "A100-80G-SXM4", "A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB"],
    bandwidthGBs: 2039,
    nvlink: { gbs: 600, wiring: "switch" },
    pci: ["10de:20b2"],
    unverified: ["int8Tops", "nvlink"],
  },
  {
    ...a100,
    id: "a100-80g-pcie",
    name: "A100 80GB PCIe",
    aliases: ["A100-PCIe", "A100-80GB-PCIe", "NVIDIA A100 80GB PCIe"],
    bandwidthGBs: 1935,
    nvlink: { gbs: 600, wiring: "bridge" },
    pci: ["10de:20b5"],
    unverified: ["bandwidthGBs", "int8Tops", "nvlink"],
  },
  {
    ...a100half,
    id: "a100-40g-sxm",
    name: "A100 40GB SXM4",
    aliases: ["A100-40G", "A100-40GB", "A100-40G-SXM4", "A100-SXM4-40GB", "NVIDIA A100-SXM4-40GB"],
    nvlink: { gbs: 600, wiring: "switch" },
    pci: ["10de:20b0"],
    unverified: ["bandwidthGBs", "int8Tops", "nvlink", "pci"],
  },
  {
    ...a100half,
    id: "a100-40g-pcie",
    name: "A100 40GB PCIe",
    aliases: ["A100-40GB-PCIe", "A100-PCIE-40GB", "NVIDIA A100-PCIE-40GB"],
    nvlink: { gbs: 600, wiring: "bridge" },
    pci: ["10de:20f1"],
    unverified: ["bandwidthGBs", "int8Tops", "nvlink", "pci"],
  },
  {
    ...a100,
    id: "a800-80g-sxm",
    name: "A800 80GB SXM4",
    aliases: ["a800", "A800-80G", "A800-SXM", "A800-SXM4-80GB", "NVIDIA A800-SXM4-80GB"],
    bandwidthGBs: 2039,
    nvlink: { gbs: 400, wiring: "switch" },
    pci: ["10de:20f3"],
    unverified: ["cudaTotalMib", "bandwidthGBs", "bf16Tflops", "int8Tops", "nvlink"],
  },
  {
    ...a100,
    id: "a800-80g-pcie",
    name: "A800 80GB PCIe",
    aliases: ["A800-PCIe", "A800-80GB-PCIe", "NVIDIA A800 80GB PCIe"],
    bandwidthGBs: 1935,
    nvlink: { gbs: 400, wiring: "bridge" },
    pci: ["10de:20f5"],
    unverified: ["cudaTotalMib", "bandwidthGBs", "bf16Tflops", "int8Tops", "nvlink"],
  },
  {
    ...h100,
    id: "h100-80g-sxm",
    name: "H100 80GB SXM5",
    aliases: ["h100", "H100-80G", "H100-SXM", "H100-SXM5-80GB", "NVIDIA H100 80GB HBM3"],
    bandwidthGBs: 3350,
    bf16Tflops: 989,
    fp8Tflops: 1979,
    int8Tops: 1979,
    nvlink: { gbs: 900, wiring: "switch" },
    pci: ["10de:2330"],
    unverified: ["fp8Tflops", "int8Tops", "nvlink"],
  },
  {
    ...h100,
    id: "h100-80g-pcie",
    name: "H100 80GB PCIe",
    aliases: ["H100-PCIe", "H100-80GB-PCIe", "NVIDIA H100 PCIe"],
    bandwidthGBs: 2000,
    bf16Tflops: 756,
    fp8Tflops: 1513,
    int8Tops: 1513,
    nvlink: { gbs: 600, wiring: "bridge" },
    pci: ["10de:2331"],
    unverified: ["bandwidthGBs", "fp8Tflops", "int8Tops", "nvlink"],
  },
  {
    ...h200,
    id: "h200-141g-sxm",
    name: "H200 141GB SXM5",
    aliases: ["h200", "H200-141G", "H200-SXM", "NVIDIA H200"],
    bf16Tflops: 989,
    fp8Tflops: 1979,
    int8Tops: 1979,
    pci: ["10de:2335"],
    unverified: ["fp8Tflops", "int8Tops", "nvlink"],
  },
  {
    ...h200,
    id: "h200-141g-nvl",
    name: "H200 NVL 141GB",
    aliases: ["H200-NVL", "NVIDIA H200 NVL"],
    bf16Tflops: 836,
    fp8Tflops: 1671,
    int8Tops: 1671,
    nvlink: { gbs: 900, wiring: "bridge" },
    pci: ["10de:233b"],
    unverified: ["cudaTotalMib", "bf16Tflops", "fp8Tflops", "int8Tops", "nvlink"],
  },
  {
    id: "l40s",
    name: "L40S",
    aliases: ["L40S-48G", "NVIDIA L40S"],
    memoryMib: 46068, // with ECC, as it ships
    cudaTotalMib: 45455, // 44.39 GiB
    bandwidthGBs: 864,
    bf16Tflops: 362,
    fp8Tflops: 733,
    int8Tops: 733,
    pcie: pcie4,
    peerToPeer: true,
    computeCapability: 89,
    pci: ["10de:26b9"],
    audioPci: [],
    source: `${datasheet}; ${oom}`,
    date,
    unverified: ["bandwidthGBs", "bf16Tflops", "fp8Tflops", "int8Tops"],
  },
];
