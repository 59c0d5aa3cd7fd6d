/** What a GPU must be able to do for a format. All places are in vLLM 0.29.0. */
import type { GpuModel } from "../../catalog/gpus";
import type { ModelShape } from "../../catalog/modelShapes";
import { fp8Capability } from "./storage";
import type { Candidate, Rule } from "./types";

/** 86 as "8.6". */
export const capabilityName = (capability: number): string => `${Math.floor(capability / 10)}.${capability % 10}`;

/** Lowest compute capability of each storage format. @see get_min_capability of the class beside it */
const floors: Readonly<Record<ModelShape["quantization"]["format"], number>> = {
  bf16: 75, // the oldest that the wheels are built for
  int4: 75, // AutoAWQConfig; CompressedTensorsWNA16; GPTQ by query_marlin_supported_quant_types
  fp8: 75, // Fp8Config, weight-only by Marlin below 8.9; CompressedTensorsW8A16Fp8
  mxfp4: 80, // Mxfp4Config
};

/** Where each floor is. */
const floorSources: Readonly<Record<ModelShape["quantization"]["format"], string>> = {
  bf16: "vllm CMakeLists.txt, CUDA_SUPPORTED_ARCHS",
  int4: "vllm/model_executor/layers/quantization/auto_awq.py and utils/marlin_utils.py",
  fp8: "vllm/model_executor/layers/quantization/fp8.py, get_min_capability",
  mxfp4: "vllm/model_executor/layers/quantization/mxfp4.py, get_min_capability",
};

const below = ({ gpus }: Candidate, floor: number): GpuModel | undefined =>
  gpus.find(({ computeCapability }) => computeCapability < floor);

const has = ({ name, computeCapability }: GpuModel): string =>
  `${name} (compute capability ${capabilityName(computeCapability)})`;

/** Every GPU can run the storage format. @see vllm/config/vllm.py, _get_quantization_config */
export const capability: Rule = (candidate) => {
  const { format } = candidate.shape.quantization;
  const floor = floors[format];
  const gpu = below(candidate, floor);
  if (gpu === undefined) return undefined;
  return {
    rule: "capability",
    found: `${format} weights on ${has(gpu)}`,
    needed: `GPUs of compute capability ${capabilityName(floor)} or newer`,
    because: floorSources[format],
  };
};

/**
 * vLLM refuses float16 for gemma2, gemma3, gemma3_text and glm4 ("numerical instability"). A shape does not carry the
 * model type; those four are exactly the families it can describe that have four norms in a layer.
 * @see vllm/config/model.py, _FLOAT16_NOT_SUPPORTED_MODELS
 */
const refusesFloat16 = ({ norms }: ModelShape): boolean => norms === 4;

/**
 * bfloat16 needs compute capability 8.0; some models and MXFP4 need bfloat16.
 * @see vllm/platforms/cuda.py, check_if_supports_dtype; config/model.py, _check_valid_dtype; quantization/mxfp4.py
 */
export const dtype: Rule = (candidate) => {
  const { shape, pins } = candidate;
  const pin = pins.dtype === undefined ? {} : ({ pin: "dtype" } as const);
  if (candidate.dtype === "bfloat16") {
    const gpu = below(candidate, 80);
    if (gpu === undefined) return undefined;
    const because = "vllm/platforms/cuda.py, check_if_supports_dtype";
    const needed = "float16, or GPUs of compute capability 8.0 or newer";
    return { rule: "dtype", found: `bfloat16 on ${has(gpu)}`, needed, because, ...pin };
  }
  if (shape.quantization.format === "mxfp4") {
    const because = "vllm/model_executor/layers/quantization/mxfp4.py, get_supported_act_dtypes";
    return { rule: "dtype", found: "float16 with MXFP4 weights", needed: "bfloat16", because, ...pin };
  }
  if (!refusesFloat16(shape)) return undefined;
  const because = "vllm/config/model.py, _FLOAT16_NOT_SUPPORTED_MODELS";
  return { rule: "dtype", found: "float16, in which this model overflows", needed: "bfloat16", because, ...pin };
};

/** Widths of a head that FlashInfer has kernels for. @see vllm/v1/attention/backends/flashinfer.py, get_supported_head_sizes */
const flashInferHeads: readonly number[] = [64, 128, 256, 512];

/**
 * Oldest compute capability on which an FP8 cache works. Below 8.9 only FlashInfer reads one (from 8.0): no MLA, no sinks,
 * no bidirectional attention over images (Gemma 3), and heads of a width that it knows. The Triton kernels, which do the
 * rest, raise below 8.9.
 * @see vllm/v1/attention/backends/{flash_attn,flashinfer,triton_attn}.py and mla/triton_mla.py; platforms/cuda.py
 */
export function fp8CacheFloor(shape: ModelShape): number {
  const imagePrefix = shape.norms === 4 && shape.visionParams !== undefined;
  const plain = shape.mla === undefined && !shape.sinks && !imagePrefix;
  return plain && flashInferHeads.includes(shape.headDim) ? 80 : fp8Capability;
}

/** An FP8 cache has a kernel on every GPU. */
export const kvCacheDtype: Rule = (candidate) => {
  if (candidate.kvCacheDtype !== "fp8") return undefined;
  const floor = fp8CacheFloor(candidate.shape);
  const gpu = below(candidate, floor);
  if (gpu === undefined) return undefined;
  return {
    rule: "kv-cache-dtype",
    found: `an FP8 KV cache on ${has(gpu)}`,
    needed: `kvCacheDtype auto, or GPUs of compute capability ${capabilityName(floor)} or newer for this model`,
    because: "vllm/v1/attention/backends/triton_attn.py and mla/triton_mla.py; flashinfer.py, supports_sink",
    ...(candidate.pins.kvCacheDtype === undefined ? {} : { pin: "kvCacheDtype" }),
  };
};
