/** What is known of one kind of GPU. Figures are dense (no sparsity), for one card, at stock clocks. */

/** A PCI function as `lspci -nn` writes it: "10de:2204". */
export type PciId = `10de:${string}`;

/** One kind of GPU. */
export interface GpuModel {
  /** Our name for it, in lower case: "rtx-3090". */
  readonly id: string;
  /** As people write it. */
  readonly name: string;
  /** Other ways to write it; compared without case, spaces, dashes and underscores. */
  readonly aliases: readonly string[];
  /** Whole memory in MiB, as `nvidia-smi` shows it. */
  readonly memoryMib: number;
  /**
   * Memory in MiB that CUDA reports as the total, which vLLM multiplies with its share: less than `nvidia-smi` shows,
   * because the driver keeps some (and differs by a few hundredths of a GiB between driver versions).
   */
  readonly cudaTotalMib: number;
  /** Memory bandwidth in GB/s (10^9 bytes). */
  readonly bandwidthGBs: number;
  /** Dense tensor-core TFLOP/s, BF16 with FP32 accumulation. */
  readonly bf16Tflops: number;
  /** Dense FP8 TFLOP/s with FP32 accumulation; absent where the card has no FP8 units (before compute capability 8.9). */
  readonly fp8Tflops?: number;
  /** Dense INT8 TOP/s. */
  readonly int8Tops: number;
  /** NVLink in GB/s, both directions together, and how it is wired; absent where there is none. */
  readonly nvlink?: { readonly gbs: number; readonly wiring: "switch" | "bridge" };
  /** The card's PCIe generation and width; the slot may give less. */
  readonly pcie: { readonly generation: 4 | 5; readonly width: 16 };
  /** NVIDIA's driver lets such cards read each other's memory over PCIe; GeForce cards it does not. */
  readonly peerToPeer: boolean;
  /** CUDA compute capability as major * 10 + minor: 86 is 8.6. */
  readonly computeCapability: number;
  /** PCI ids of the graphics function. */
  readonly pci: readonly PciId[];
  /** PCI ids of the audio function that is passed through with it; empty on datacentre cards. */
  readonly audioPci: readonly PciId[];
  /** Where the figures come from. */
  readonly source: string;
  /** When they were looked up (ISO date). */
  readonly date: string;
  /** Fields nobody checked against a first-hand source; empty when all were. */
  readonly unverified: readonly (keyof GpuModel)[];
}

export const pciids = "PCI ids: pciutils/pciids c1c1254";
/** The bandwidth or the BF16 rate of this row was compared with a second source; the other rates come from one datasheet. */
export const datasheet = `NVIDIA datasheet; ${pciids}`;
export const oom = "CUDA total: out-of-memory messages in public logs";
export const date = "2026-11-22";
export const pcie4 = { generation: 4, width: 16 } as const;
export const pcie5 = { generation: 5, width: 16 } as const;
