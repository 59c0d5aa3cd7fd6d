/** What a card does in a second, of what its sheet promises. */
import type { GpuModel } from "../../catalog/gpus";
import type { Quantization } from "../../catalog/modelShapes";
import { remembered } from "../remembered";
import {
  boostGhz,
  computeEfficiency,
  expertEfficiency,
  firstFp8,
  firstFreeMxfp4,
  firstMxfp4,
  fp8Efficiency,
  GIGA,
  int8PerClock,
  int8PerClockElse,
  memoryEfficiency,
  memoryEfficiencyElse,
  kernelSeconds,
  referenceGhz,
  TERA,
  weightsPerClock,
} from "./factors";

/** Rates of one card for one storage format. */
export interface CardRates {
  /** Bytes a second from its memory. */
  readonly memory: number;
  /** Operations a second in 16 bit: attention, head, routers. */
  readonly plain: number;
  /** Operations a second in linear layers, and in experts. */
  readonly linear: number;
  readonly experts: number;
  /** Weights a second that can be unpacked in linear layers, and in experts; infinite where nothing is. */
  readonly unpackLinear: number;
  readonly unpackExperts: number;
  /** Seconds of one kernel besides its bytes and products. */
  readonly kernel: number;
}

/** The card multiplies in the storage format; it does not unpack to 16 bit first. */
function isNative(format: Quantization["format"], gpu: GpuModel): boolean {
  switch (format) {
    case "bf16":
      return true;
    case "int4":
      return false;
    case "fp8":
      return gpu.computeCapability >= firstFp8 && gpu.fp8Tflops !== undefined;
    case "mxfp4":
      return gpu.computeCapability >= firstMxfp4 && gpu.fp8Tflops !== undefined;
  }
}

const unpacked = (gpu: GpuModel): number =>
  (gpu.int8Tops * TERA * weightsPerClock) / (int8PerClock[gpu.computeCapability] ?? int8PerClockElse);

/** Rates of a card for a model stored like this. */
export function cardRates(gpu: GpuModel, { format }: Quantization): CardRates {
  const plain = gpu.bf16Tflops * TERA * computeEfficiency;
  const native = isNative(format, gpu);
  const fast = native && format !== "bf16" ? Math.max(plain, (gpu.fp8Tflops ?? 0) * TERA * fp8Efficiency) : plain;
  const expertsOnly = format === "mxfp4";
  const free = native || (expertsOnly && gpu.computeCapability >= firstFreeMxfp4);
  const unpack = free ? Infinity : unpacked(gpu);
  return {
    memory: gpu.bandwidthGBs * GIGA * (memoryEfficiency[gpu.computeCapability] ?? memoryEfficiencyElse),
    plain,
    linear: expertsOnly ? plain : fast,
    experts: (fast * expertEfficiency) / computeEfficiency,
    unpackLinear: expertsOnly ? Infinity : unpack,
    unpackExperts: unpack,
    kernel: (kernelSeconds * referenceGhz) / (boostGhz[gpu.computeCapability] ?? referenceGhz),
  };
}

const lesser = (a: CardRates, b: CardRates): CardRates => ({
  memory: Math.min(a.memory, b.memory),
  plain: Math.min(a.plain, b.plain),
  linear: Math.min(a.linear, b.linear),
  experts: Math.min(a.experts, b.experts),
  unpackLinear: Math.min(a.unpackLinear, b.unpackLinear),
  unpackExperts: Math.min(a.unpackExperts, b.unpackExperts),
  kernel: Math.max(a.kernel, b.kernel),
});

/** Remembered, because a search asks for the same few cards; of the quantization only the format counts. */
const knownRates = remembered(cardRates, ({ format }) => format);

/** Rates of cards that wait for each other: in each, the slowest of them. At least one card. */
export const groupRates = (gpus: readonly GpuModel[], quantization: Quantization): CardRates =>
  gpus.map((gpu) => knownRates(gpu, quantization)).reduce((a, b) => (a === b ? a : lesser(a, b)));
