/** A model's architecture, as `--json` prints it. */
import * as z from "zod";
import { positive, text, whole } from "./values";

const quantization = z
  .discriminatedUnion("format", [
    z.strictObject({ format: z.literal("bf16") }),
    z.strictObject({ format: z.literal("int4"), group: z.int(), zeros: z.boolean() }),
    z.strictObject({ format: z.literal("fp8"), scales: z.enum(["channel", "block128"]) }),
    z.strictObject({ format: z.literal("mxfp4") }),
  ])
  .describe("how the weights of the linear layers are stored");

const moe = z
  .strictObject({
    experts: positive("routed experts a layer"),
    perToken: positive("experts a token goes through"),
    intermediate: positive("width of one expert"),
    sharedIntermediate: whole("width of all shared experts together"),
    sharedGate: z.boolean().describe("the shared expert's output is gated").optional(),
    denseLayers: whole("layers at the start without experts"),
    biases: z.boolean(),
    routerCorrection: z.boolean(),
  })
  .describe("routed experts");

const linear = z
  .strictObject({
    fullEvery: positive("every so many layers one has full attention"),
    keyHeads: positive("heads of queries and keys"),
    valueHeads: positive("heads of values"),
    keyDim: positive("width of a head of queries and keys"),
    valueDim: positive("width of a head of values"),
    convKernel: positive("tokens that the convolution sees"),
    stateBytes: z.literal([2, 4]).describe("bytes of one number of the state"),
  })
  .describe("layers with linear attention (gated delta net)");

const mla = z
  .strictObject({
    qLoraRank: positive("width of the compressed query"),
    kvLoraRank: positive("width of the compressed cache entry"),
    ropeDim: positive("rotated part of a head"),
    nopeDim: positive("other part of a head"),
    valueDim: positive("width of a value"),
  })
  .describe("multi-head latent attention");

/** One model as it lies on the hub. */
export const shape = z
  .strictObject({
    id: text("Hugging Face id, or the name of the directory"),
    layers: positive("transformer layers"),
    hidden: positive("width of the hidden state"),
    heads: positive("attention heads"),
    kvHeads: positive("key and value heads"),
    headDim: positive("width of one head"),
    intermediate: whole("width of the feed-forward layer"),
    vocab: positive("entries in the vocabulary"),
    maxContext: positive("largest context in tokens"),
    tied: z.boolean().describe("the head is the embedding"),
    qkvBias: z.boolean(),
    outBias: z.boolean(),
    qkNorm: z.boolean(),
    norms: z.literal([2, 4]),
    sinks: z.boolean(),
    rope: z.strictObject({ rows: z.number(), dim: z.number() }),
    sliding: z
      .strictObject({ window: positive("in tokens"), globalEvery: positive("every so many layers one is global") })
      .optional(),
    linear: linear.optional(),
    moe: moe.optional(),
    mla: mla.optional(),
    visionParams: whole("parameters of the vision tower").optional(),
    quantization,
    plainParts: z
      .array(z.enum(["attention", "linear", "shared"]))
      .describe("what the quantization leaves in 16 bit")
      .optional(),
    publishedParams: positive("published number of parameters").optional(),
    source: text("where the fields come from"),
    date: text("when they were looked up"),
    verified: z.boolean(),
  })
  .meta({ id: "shape", description: "architecture and storage format" });
