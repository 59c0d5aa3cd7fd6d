/** The models to serve: what every platform takes, and what may be pinned by hand on a cluster. */
import * as z from "zod";
import { clusterSourceText, modelKind, sourceText, type ModelKind } from "../forms";
import { serveKeys } from "./serve";
import { downloadKeys } from "./stages/download";
import { between, flag, text, whole, word } from "./values";

const nameText = "1 to 96 letters, digits and . _ - / that start and end with a letter or digit";
const revisionText = "a Hugging Face commit, tag or branch: 1 to 128 letters, digits and . _ - /";

/** One entry of `models` on this machine. */
export const modelSchema = z.strictObject(
  {
    /** Name the model is served under. @default "tiny-llama", the Hugging Face id, or the last part of the directory */
    name: text(/^(?=.{1,96}$)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/, nameText).optional(),
    /** Where the weights come from: a built-in model, a Hugging Face id, or a directory on this machine. */
    source: z.string({ error: sourceText }).refine((source) => modelKind(source) !== undefined, { error: sourceText }),
    /** Commit, tag or branch; for a Hugging Face id only. @default "main", with a warning: it moves */
    revision: text(/^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,127}$/, revisionText).optional(),
    /** Longest context, prompt and answer together, in tokens (16 to 10485760). @default the model's limit, at most 4096, less if memory is short */
    contextTokens: whole(16, 10_485_760, "tokens").optional(),
    /** Requests answered at the same time (1 to 1024). @default by CPUs, or 32 on a GPU; less if memory is short */
    concurrency: whole(1, 1024, "requests").optional(),
  },
  { error: "a group of keys with `source`" },
);

const configText = "the path of the model's config.json, relative to the project or absolute";
const partitionText = "a list of layers for each pipeline rank, such as [31, 31]";
const poolsText = "a list of names of `pools`";
const utilizationText = "a share of the GPU's memory above 0 and at most 1";
const parserText = "the name of one of vLLM's parsers: lower-case letters, digits and _";
const parser = () => text(/^[a-z0-9][a-z0-9_]{0,63}$/, parserText).optional();

/** What the planner decides unless it is pinned here: each is kept or refused, never changed. @default the plan's choice */
const pins = {
  /** GPUs that share each layer (1 to 64); divides the attention heads. */
  tensorParallel: whole(1, 64, "GPUs").optional(),
  /** Groups of GPUs that hold some layers each (1 to 64). */
  pipelineParallel: whole(1, 64, "stages").optional(),
  /** Copies of the model (1 to 64). */
  replicas: whole(1, 64, "replicas").optional(),
  /** Layers of each pipeline rank, where they are not to be even. */
  layerPartition: z
    .array(whole(1, 1024, "layers"), { error: partitionText })
    .min(2, { error: partitionText })
    .optional(),
  /** Whole experts on each GPU instead of a slice of every expert. */
  expertParallel: flag().optional(),
  /** Share of each GPU's memory for vLLM (above 0, at most 1); above 0.95 with a warning. */
  gpuMemoryUtilization: between(0, 1, utilizationText).gt(0, { error: utilizationText }).optional(),
  /** Tokens of one step, prefill and decode together (16 to 1048576). */
  maxNumBatchedTokens: whole(16, 1_048_576, "tokens").optional(),
  /** Requests that one replica works on at the same time (1 to 1024), at most `maxNumBatchedTokens`. */
  maxNumSeqs: whole(1, 1024, "requests").optional(),
  /** How the KV cache is stored: as the model's dtype says, or in 8 bits. */
  kvCacheDtype: word(["auto", "fp8"]).optional(),
  /** Arithmetic; bfloat16 needs compute capability 8.0. */
  dtype: word(["bfloat16", "float16"]).optional(),
  /** No CUDA graphs and no compilation: slower, and a little more KV cache. */
  enforceEager: flag().optional(),
  /** Weights kept in the node's memory, in GiB for each GPU (0 to 4096). */
  cpuOffloadGib: between(0, 4096, "a number of GiB from 0 to 4096").optional(),
  /** Reader of tool calls. @default by the catalogue */
  toolParser: parser(),
  /** Reader of reasoning. @default by the catalogue */
  reasoningParser: parser(),
  /** Tensor parallel over a network, although it is slow: has to be asked for. @default false */
  tensorParallelOverNetwork: flag().optional(),
} as const;

/** One entry of `models` on a cluster. */
export const clusterModelSchema = z.strictObject(
  {
    ...modelSchema.shape,
    /** Hugging Face id; its storage format (AWQ, GPTQ, FP8 ..) is part of the model, so another format is another id. */
    source: z
      .string({ error: clusterSourceText })
      .refine((source) => modelKind(source) === "huggingface", { error: clusterSourceText }),
    /** Longest context, prompt and answer together, in tokens (16 to 10485760). @default the largest useful one that fits */
    contextTokens: modelSchema.shape.contextTokens,
    /** Requests answered at the same time by all replicas together (1 to 1024). @default the plan's choice */
    concurrency: modelSchema.shape.concurrency,
    /** The model's own config.json, for a model that the catalogue does not know. @default the catalogue's row */
    config: text(/^[^\p{Cc}]{1,1024}$/u, configText).optional(),
    /** Size of the weights in bytes, where known (`total_size` in model.safetensors.index.json). @default by the model's shape */
    weightBytes: whole(1, 2 ** 50, "bytes").optional(),
    /** Node pools that the model may use. @default all with GPUs */
    pools: z
      .array(z.string({ error: poolsText }), { error: poolsText })
      .min(1, { error: poolsText })
      .optional(),
    ...pins,
    ...downloadKeys,
    ...serveKeys,
  },
  { error: "a group of keys with `source`" },
);

type ModelInput = z.output<typeof modelSchema>;
/** One model the user asked for, with its name and kind worked out. */
export type ModelProfile = Omit<ModelInput, "name"> & { name: string; kind: ModelKind };
/** The same on a cluster. */
export type ClusterModelProfile = Omit<z.output<typeof clusterModelSchema>, "name"> & { name: string; kind: ModelKind };
