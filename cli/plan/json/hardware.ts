/** GPUs and what joins them, as `--json` prints them. */
import * as z from "zod";
import { positive, sentences, text } from "./values";

const pci = z.array(z.string().regex(/^10de:[0-9a-f]{4}$/));
const rate = (what: string) => z.number().positive().describe(what);

const gpuModel = z
  .strictObject({
    id: text("the catalogue's name"),
    name: text("the name as people write it"),
    aliases: z.array(z.string()),
    memoryMib: positive("memory as nvidia-smi shows it, in MiB"),
    cudaTotalMib: positive("memory that CUDA reports, in MiB: what vLLM takes its share of"),
    bandwidthGBs: rate("memory bandwidth in GB/s"),
    bf16Tflops: rate("dense BF16 TFLOP/s"),
    fp8Tflops: rate("dense FP8 TFLOP/s").optional(),
    int8Tops: rate("dense INT8 TOP/s"),
    nvlink: z.strictObject({ gbs: rate("GB/s, both directions"), wiring: z.enum(["switch", "bridge"]) }).optional(),
    pcie: z.strictObject({ generation: z.literal([4, 5]), width: z.literal(16) }),
    peerToPeer: z.boolean().describe("the driver lets such cards read each other's memory over PCIe"),
    computeCapability: positive("major * 10 + minor"),
    pci: pci.describe("PCI ids of the graphics function"),
    audioPci: pci.describe("PCI ids of the audio function"),
    source: text("where the figures come from"),
    date: text("when they were looked up"),
    unverified: sentences("fields that nobody checked first hand"),
  })
  .meta({ id: "gpuModel", description: "what is known of the card" });

const gpu = z.strictObject({
  id: text("<node>/<index>"),
  model: gpuModel,
  node: text("Kubernetes node"),
  pool: text("node pool"),
  slot: z.strictObject({ generation: z.literal([3, 4, 5]), width: z.literal([1, 2, 4, 8, 16]) }).describe("PCIe slot"),
  passthrough: z.boolean().describe("passed through to a VM"),
  nvlinkGroup: text("GPUs with the same group are joined by NVLink").optional(),
});

/** All GPUs. */
export const hardware = z
  .strictObject({
    gpus: z.array(gpu),
    network: z
      .strictObject({ gbitPerSecond: rate("of one node's link"), rdma: z.boolean() })
      .describe("what joins the nodes"),
  })
  .meta({ id: "hardware", description: "the GPUs there are, in the order of pools, nodes and slots" });
