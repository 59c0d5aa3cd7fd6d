/**
 * What the speed formulas multiply with: shares of datasheet figures and seconds of overhead, each with its source. Rows
 * are those of test/plan/speed.calibration.json; the numbers that set a factor say so there.
 */

/**
 * Share of the datasheet's memory bandwidth at which a decode step reads weights and cache, by compute capability. 8.0 from
 * row `a100-40g-llama8b`, 8.6 from `a6000-qwen7b`, 8.9 from `rtx4090-qwen3-8b`, 9.0 from `h200-llama8b`; 12.0 assumed as 8.9,
 * which also has GDDR memory and many SMs for its bandwidth.
 */
export const memoryEfficiency: Readonly<Record<number, number>> = { 80: 0.81, 86: 0.88, 89: 0.92, 90: 0.82, 120: 0.92 };

/** For a card that is not in the table: the least in it. */
export const memoryEfficiencyElse = 0.81;

/** Share of dense BF16 that prefill reaches. Row `h200-llama8b`, 2,048 tokens; other cards assumed as H200. */
export const computeEfficiency = 0.66;

/**
 * The same for routed experts, each of which has few of the tokens. Row `h200-qwen3-30b`, 8,192 tokens; other cards assumed
 * as H200.
 */
export const expertEfficiency = 0.33;

/** Share of dense FP8 that prefill reaches: 1,305 of 1,979 in a large product, against 757 of 989 for BF16 (micro rows). */
export const fp8Efficiency = 0.55;

/** Numbers multiplied and added count as two operations. */
export const opsPerMac = 2;

/**
 * 4- and 8-bit weights that one SM unpacks in a clock, which bounds weight-only formats on cards with much bandwidth for
 * few SMs. Row `h200-gemma27b-w4a16`; other cards assumed as H200, since the same instructions do it.
 */
export const weightsPerClock = 13.2;

/**
 * INT8 operations of one SM in a clock, by compute capability: with them a card's INT8 rate tells its SMs times clock.
 * @see CUDA C++ Programming Guide, arithmetic instructions; NVIDIA's architecture papers (tensor cores of one SM)
 */
export const int8PerClock: Readonly<Record<number, number>> = { 80: 4096, 86: 2048, 89: 2048, 90: 8192, 120: 2048 };

/** For a card that is not in the table: as the newest in it. */
export const int8PerClockElse = 8192;

/**
 * First compute capability whose Triton kernels unpack MXFP4 as fast as it is read (before, it is Marlin). Chosen by whole
 * batches of 8 to 64 sequences of gpt-oss-20b on an H200, which the bound for 4 bit would make 40 to 80 % slower.
 */
export const firstFreeMxfp4 = 90;

/** First compute capability whose FP8 units vLLM uses, and from which MXFP4 is not unpacked to 16 bit. @see vllm/model_executor/layers/quantization, Marlin */
export const firstFp8 = 89;
export const firstMxfp4 = 100;

/**
 * Seconds of one kernel besides its bytes and products: start, end and the gap before it, at `referenceGhz`. Row
 * `h200-llama8b`, 1 sequence, with `stepSeconds`.
 */
export const kernelSeconds = 1.9e-6;

/**
 * Kernels of one layer when compiled: norms (each with the sum before it), rope, cache write, attention in two, activation,
 * and four matrices. @see vllm/compilation, fusion passes
 */
export const layerKernels = 8;

/** Kernels that routed experts have besides: router, choice, sorting, alignment, sum. From row `h200-qwen3-30b`. */
export const expertKernels = 14;

/**
 * Kernels that MLA has besides: two more matrices, the norms between them, the two products with the unpacking matrices,
 * and joining the parts of query and key. @see vllm/model_executor/layers/mla.py, attention/mla_attention.py. With
 * `sharedExpertKernels` they are what row `h200-deepseek-v2-lite`, 1 sequence, has more than experts alone.
 */
export const mlaKernels = 7;

/**
 * Kernels that linear attention has more than full attention: two projections in place of one, their parts taken apart, the
 * convolution, the gated norm; no rope, no cache write. Counted in the source, not measured.
 * @see vllm/model_executor/layers/mamba/gdn/qwen_gdn_linear_attn.py, forward_cuda
 */
export const linearKernels = 2;

/** A state of linear attention is read and written in every step. */
export const stateMoves = 2;

/** Kernels that shared experts have: two matrices, the activation, the sum. */
export const sharedExpertKernels = 4;

/** Boost clock in GHz by compute capability, which small kernels take their time by. @see NVIDIA datasheets */
export const boostGhz: Readonly<Record<number, number>> = { 80: 1.41, 86: 1.7, 89: 2.52, 90: 1.98, 120: 2.41 };

/** The clock of the card that gave `kernelSeconds`. */
export const referenceGhz = 1.98;

/**
 * Seconds that the CPU needs to launch one kernel where no CUDA graph does it: in eager mode, and in steps of more tokens
 * than the largest graph. Row `h200-llama8b-eager`, 1 sequence; the CPU of that machine, others assumed alike.
 */
export const launchSeconds = 42.5e-6;

/** vLLM captures graphs up to so many tokens for each slot, and up to so many at all. @see plan/memory/graphs.ts, graphSizes */
export const graphTokensPerSlot = 2;
export const mostGraphTokens = 512;

/** Seconds of one step besides the layers: input, sampler, output. Row `h200-llama8b`, 1 sequence. */
export const stepSeconds = 0.3e-3;

/**
 * Seconds that the scheduler and the worker's Python take for one step, which is the least it takes however small the model
 * is. Row `h200-qwen3-0.6b`; the CPU of that machine, others assumed alike.
 */
export const hostSeconds = 2.4e-3;

/** Seconds that each sequence of a step adds there. Row `h200-llama8b`, 32 sequences. */
export const sequenceSeconds = 14e-6;

/**
 * Seconds of scheduling that show when the next step is not scheduled while this one runs. Assumed a millisecond; the rows
 * of vllm-project/vllm#23197 (H100) check it: 8B at 1 to 16 sequences within 3 %.
 */
export const syncSchedulingSeconds = 1e-3;

/**
 * Seconds that handing a step from one PP rank to the next takes besides the link: Python on both sides. Row
 * `h200-llama8b-pp2`, 1 sequence, on one host; between nodes and over Ray assumed alike.
 */
export const stageSeconds = 0.15e-3;

/** Seconds of one prompt besides its chunks: tokens, scheduling, first sample. Row `h200-llama8b`, 2,048 tokens. */
export const promptSeconds = 2e-3;

/** Seconds of each chunk of a prompt. Row `h200-llama8b`, 8,190 tokens in four chunks. */
export const chunkSeconds = 2e-3;

/**
 * Seconds that a collective takes besides its hops and bytes. @see https://github.com/NVIDIA/nccl/issues/1334 (baseLat of
 * src/graph/tuning.cc, 6.6 to 6.8 us)
 */
export const collectiveSeconds = 7e-6;

/** All-reduces in a layer: after attention and after the feed-forward part. @see Megatron-LM, arXiv 1909.08053 */
export const reducesPerLayer = 2;

/** All-reduces of a step besides: the embedding on the first PP rank, and the logits on the last. */
export const reducesAtEnds = 1;

/** Bytes of one activation. */
export const activationBytes = 2;

/** Tensors handed from one PP rank to the next: hidden state and residual. @see vllm, IntermediateTensors */
export const handedOver = 2;

/** Bytes in a GB, floating-point operations in a TFLOP. */
export const GIGA = 1e9;
export const TERA = 1e12;
