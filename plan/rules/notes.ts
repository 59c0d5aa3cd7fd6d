/** What is true of a candidate and no fault: the plan tells it, the search does not refuse it. */
import { linkBetween } from "../cluster/links";
import type { ModelShape } from "../../catalog/modelShapes";
import { bytes, formatBytes } from "../../catalog/units";
import { alignedBlockSize, stateBytes } from "../memory/kvCache";
import { globalBelow, type Layout } from "../memory/layout";
import { paddedVocab } from "./division";
import { fp8Capability, lowestCapability, rowShards } from "./storage";
import type { Candidate, Note, TensorGroup } from "./types";

/** One note, or nothing to say. */
type Remark = (candidate: Candidate) => Note | undefined;

/** KV heads past their number are copies, and MLA's vector is whole on every rank. @see vllm/config/model.py, get_num_kv_heads */
const kvHeads: Remark = ({ shape, layout }) => {
  const tp = layout.tensorParallel;
  if (shape.mla !== undefined && tp > 1) {
    return { about: "kv-heads", text: `Each of the ${tp} TP ranks keeps the whole KV cache: MLA does not divide it.` };
  }
  if (tp <= shape.kvHeads) return undefined;
  const copies = tp / shape.kvHeads;
  const text = `${shape.kvHeads} KV heads on TP ${tp}: each is kept ${copies} times, and the KV cache of a GPU is no smaller than at TP ${shape.kvHeads}.`;
  return { about: "kv-heads", text };
};

/** @see vllm/v1/kv_cache_interface.py, MambaSpec; platforms/interface.py, _align_hybrid_block_size */
const linearAttention: Remark = ({ shape, layout, kvCacheDtype }) => {
  if (shape.linear === undefined) return undefined;
  const full = globalBelow(shape, shape.layers);
  const block = alignedBlockSize(shape, layout, { blockSize: 16, kvDtypeBytes: kvCacheDtype === "fp8" ? 1 : 2 });
  const state = formatBytes(bytes(stateBytes(shape, layout)));
  const text =
    `${shape.layers - full} of ${shape.layers} layers have linear attention: each keeps ${state} of state for a sequence, however long it is, ` +
    `and only ${full} layers have a cache that grows. A state has to fit in a block, so a block is ${block} tokens.`;
  return { about: "linear-attention", text };
};

/** @see vllm/model_executor/layers/vocab_parallel_embedding.py */
const vocabulary: Remark = ({ shape }) => {
  const padded = paddedVocab(shape.vocab);
  if (padded === shape.vocab) return undefined;
  return { about: "vocabulary", text: `The vocabulary of ${shape.vocab} is padded to ${padded}.` };
};

/** @see vllm/model_executor/layers/fused_moe/expert_map_manager.py, determine_expert_map */
const experts: Remark = ({ shape: { moe }, layout }) => {
  const ranks = layout.tensorParallel;
  if (moe === undefined || layout.expertParallel !== true || moe.experts % ranks === 0) return undefined;
  const text = `${moe.experts} experts on ${ranks} ranks: ${moe.experts % ranks} of them hold one more than the others.`;
  return { about: "experts", text };
};

/** @see vllm/model_executor/kernels/linear/scaled_mm/marlin.py, MarlinFP8ScaledMMLinearKernel */
const fp8: Remark = (candidate) => {
  if (candidate.shape.quantization.format !== "fp8" || lowestCapability(candidate) >= fp8Capability) return undefined;
  const text =
    "FP8 saves memory only: GPUs before compute capability 8.9 have no FP8 units, so weights are unpacked (Marlin).";
  return { about: "fp8", text };
};

/** @see vllm/model_executor/layers/fused_moe/oracle/mxfp4.py */
const mxfp4: Remark = (candidate) => {
  if (candidate.shape.quantization.format !== "mxfp4" || lowestCapability(candidate) >= 100) return undefined;
  return {
    about: "mxfp4",
    text: "MXFP4 saves memory only: units for 4-bit numbers come with compute capability 10.0.",
  };
};

/** Marlin's tiles: 64 outputs by 128 inputs, or 128 by 64. @see vllm quantization/utils/marlin_utils.py, marlin_padded_nk */
const tiles = (outputs: number, inputs: number): boolean =>
  (outputs % 64 === 0 && inputs % 128 === 0) || (outputs % 128 === 0 && inputs % 64 === 0);

function usesMarlin(candidate: Candidate): boolean {
  const { format } = candidate.shape.quantization;
  return format === "int4" || (format === "fp8" && lowestCapability(candidate) < fp8Capability);
}

const marlinPadding: Remark = (candidate) => {
  const { shape, layout } = candidate;
  if (!usesMarlin(candidate)) return undefined;
  const shard = rowShards(shape, layout).find(({ width }) => !tiles(shape.hidden, width));
  if (shard === undefined) return undefined;
  const text = `TP ${layout.tensorParallel} leaves ${shard.width} inputs of the ${shard.name} on a GPU, which Marlin pads: somewhat slower.`;
  return { about: "marlin-padding", text };
};

const expertWidth = ({ moe }: ModelShape, layout: Layout): number =>
  layout.expertParallel === true ? (moe?.intermediate ?? 0) : (moe?.intermediate ?? 0) / layout.tensorParallel;

/** Experts whose slices are no whole blocks or groups; brokenRules has refused those without a kernel. */
const oddExperts: Remark = ({ shape, layout }) => {
  const { quantization, moe } = shape;
  if (moe === undefined) return undefined;
  const width = expertWidth(shape, layout);
  if (quantization.format === "fp8" && quantization.scales === "block128" && width % 128 !== 0) {
    const text = `Slices of ${width} are no whole FP8 blocks: vLLM repeats scales for finer ones and uses Triton kernels.`;
    return { about: "block-fp8", text };
  }
  if (quantization.format !== "int4" || width % quantization.group === 0) return undefined;
  const text = `Slices of ${width} are no whole groups of ${quantization.group}: vLLM repeats scales and uses a slower kernel.`;
  return { about: "expert-groups", text };
};

/** @see vllm/distributed/utils.py, get_pp_indices */
const layers: Remark = ({ shape, layout }) => {
  const ranks = layout.pipelineParallel;
  if (layout.layerPartition !== undefined || shape.layers % ranks === 0) return undefined;
  const fuller = shape.layers % ranks;
  const who = fuller === 1 ? "1 rank has" : `${fuller} ranks have`;
  const text = `${shape.layers} layers on PP ${ranks} do not divide evenly: ${who} one more.`;
  return { about: "layers", text };
};

/** vLLM starts only when that much is free; above this the driver and other processes often hold more than the rest. */
const highShare = 0.95;

const gpuMemoryUtilization: Remark = ({ pins: { gpuMemoryUtilization: share } }) => {
  if (share === undefined || share <= highShare) return undefined;
  const text = `A share of ${share} of the GPU's memory leaves little for the driver: above ${highShare} a start may fail.`;
  return { about: "gpu-memory-utilization", text };
};

const remarks: readonly Remark[] = [
  kvHeads,
  linearAttention,
  vocabulary,
  experts,
  fp8,
  mxfp4,
  marlinPadding,
  oddExperts,
  layers,
  gpuMemoryUtilization,
];

/** World sizes that it has kernels for. @see vllm custom_all_reduce.py, _SUPPORTED_WORLD_SIZES */
const allReduceSizes: readonly number[] = [2, 4, 6, 8, 16];

/** Speed plays no part in a question about peer-to-peer inside a node. */
const anyNetwork = { gbitPerSecond: 1, rdma: false } as const;

/**
 * Why vLLM's own all-reduce is off for this TP group, so that NCCL does it; undefined when it is on, or for one GPU.
 * @see vllm/distributed/device_communicators/custom_all_reduce.py, CustomAllreduce.__init__
 */
export function customAllReduceOff(group: TensorGroup): string | undefined {
  const size = group.length;
  if (size < 2) return undefined;
  if (group.some(({ node }) => node !== group[0]?.node)) return "the TP group spans nodes";
  if (!allReduceSizes.includes(size)) return `it has no kernel for ${size} GPUs, only for ${allReduceSizes.join(", ")}`;
  const links = group.flatMap((a, index) => group.slice(index + 1).map((b) => linkBetween(a, b, anyNetwork)));
  if (size > 2 && links.some(({ kind }) => kind !== "nvlink")) return `${size} GPUs are not all joined by NVLink`;
  return links.some(({ p2p }) => !p2p) ? "the GPUs cannot read each other's memory (no peer-to-peer)" : undefined;
}

/** Every note. `group`: the GPUs of one TP group, where they are known. */
export function notesOn(candidate: Candidate, group: TensorGroup = []): readonly Note[] {
  const off = customAllReduceOff(group);
  const text = off === undefined ? undefined : `vLLM's own all-reduce is off, because ${off}; NCCL does it.`;
  return [
    ...remarks.flatMap((remark) => remark(candidate) ?? []),
    ...(text === undefined ? [] : [{ about: "custom-all-reduce", text } as const]),
  ];
}
