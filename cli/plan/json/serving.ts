/** How models are served, as `--json` prints it. */
import * as z from "zod";
import { shape } from "./shape";
import { bytes, positive, sentences, text, whole } from "./values";

const layout = z
  .strictObject({
    tensorParallel: positive("TP ranks"),
    pipelineParallel: positive("PP ranks"),
    layerPartition: z.array(z.int()).describe("layers of each PP rank; absent: vLLM's even split").optional(),
    expertParallel: z.boolean().describe("whole experts on each TP rank").optional(),
  })
  .meta({ id: "layout", description: "TP x PP" });

const rank = z.strictObject({
  replica: whole("from 0"),
  pipelineRank: whole("from 0"),
  tensorRank: whole("from 0"),
  gpu: text("id of the GPU"),
  node: text("Kubernetes node"),
});

const share = z.number().gt(0).max(1);

const engine = z
  .strictObject({
    dtype: z.enum(["bfloat16", "float16"]),
    kvCacheDtype: z.enum(["auto", "fp8"]),
    maxModelLen: positive("context in tokens"),
    maxNumSeqs: positive("requests at the same time"),
    maxNumBatchedTokens: positive("tokens in one step"),
    gpuMemoryUtilization: share.describe("share of the GPU's memory"),
    enforceEager: z.boolean(),
    blockSize: positive("tokens in a block of the KV cache"),
    asyncScheduling: z.boolean(),
    disableCustomAllReduce: z.boolean(),
    cpuOffloadGib: z.number().min(0),
    toolParser: z.string().optional(),
    reasoningParser: z.string().optional(),
  })
  .describe("vLLM's settings");

const rankMemory = z.strictObject({
  budget: bytes("what vLLM may use"),
  weights: z.strictObject({
    layers: bytes("layers"),
    embedding: bytes("embedding"),
    head: bytes("head"),
    vision: bytes("vision tower"),
    rope: bytes("rope tables"),
    total: bytes("all of them"),
  }),
  nonTorch: bytes("outside PyTorch"),
  activations: bytes("activation peak"),
  graphs: bytes("CUDA graphs"),
  kvCache: bytes("left for the KV cache"),
  missing: bytes("above the budget"),
});

const memory = z
  .strictObject({
    ranks: z.array(rankMemory).describe("one a PP rank; its TP ranks are alike"),
    kv: z.strictObject({
      blocks: whole("blocks of the cache"),
      sequences: z.number().min(0).describe("full-length sequences at the same time"),
      tokens: whole("tokens, as vLLM counts them"),
      holdsOne: z.boolean(),
    }),
    fits: z.boolean(),
  })
  .meta({ id: "memory", description: "memory of one model in one layout" });

const figure = (what: string) =>
  z
    .strictObject({
      value: z.number().min(0),
      boundBy: z.enum(["memory bandwidth", "compute", "link", "launch overhead"]),
    })
    .describe(what);

const speed = z
  .strictObject({
    promptTokens: positive("length of the prompt that the time to first token is for"),
    timeToFirstToken: figure("seconds"),
    interTokenAlone: figure("seconds between tokens of one request alone"),
    interTokenBusy: figure("seconds between tokens with `concurrency` requests"),
    concurrency: positive("requests at the same time on one replica"),
    tokensPerSecondAlone: figure("tokens a second of one request alone"),
    tokensPerSecondBusy: figure("tokens a second of all requests of one replica"),
  })
  .describe("estimated speed of one replica");

const runnerUp = z.strictObject({
  layout,
  replicas: whole("as many as there would be"),
  gpus: z.array(z.string()).describe("GPUs of its first replica"),
  reason: text("why it lost"),
  fits: z.boolean(),
});

/** How one model is served. */
export const servingPlan = z
  .strictObject({
    name: text("served model name"),
    shape,
    layout,
    replicas: positive("copies of the model"),
    ranks: z.array(rank).describe("replicas x PP x TP, in that order"),
    engine,
    placementStrategy: z.enum(["STRICT_PACK", "PACK"]),
    environment: z.record(z.string(), z.string()).describe("environment of every rank"),
    sharedMemory: bytes("/dev/shm of each pod"),
    memory: z
      .strictObject({ warm: memory, cold: memory })
      .describe("with a warm compile cache, and at the first start"),
    speed,
    runnersUp: z.array(runnerUp).describe("best first"),
    reasons: sentences("why this layout"),
    warnings: sentences("what to know about this model"),
  })
  .meta({ id: "servingPlan", description: "how one model is served" });

/** All models, and the GPUs that nobody uses. */
export const servingPlans = z
  .strictObject({
    models: z.array(servingPlan),
    idle: z.array(z.strictObject({ gpu: text("id of the GPU"), reason: text("why, and what it could do") })),
  })
  .meta({ id: "servingPlans", description: "all models, and the GPUs that nobody uses" });
