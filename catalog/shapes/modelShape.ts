/** What must be known of a model's architecture to say how much memory it takes and how fast it can be. */

/** How the weights of the linear layers are stored. Embedding, head, norms, routers and vision towers stay in 16 bit. */
export type Quantization =
  /** 2 B a weight. */
  | { readonly format: "bf16" }
  /**
   * 4 bit a weight, a 16-bit scale for each group along the input, and with `zeros` (AWQ) a 4-bit zero point too.
   * Symmetric formats (GPTQ, compressed-tensors W4A16) have none.
   */
  | { readonly format: "int4"; readonly group: number; readonly zeros: boolean }
  /** 1 B a weight, a 32-bit scale for each output channel, or for each block of 128 x 128. */
  | { readonly format: "fp8"; readonly scales: "channel" | "block128" }
  /** 4 bit a weight and an 8-bit scale for each 32, routed experts only. */
  | { readonly format: "mxfp4" };

/** Parts whose linear layers may stay in 16 bit in a quantized model: full attention, linear attention, shared experts. */
export type PlainPart = "attention" | "linear" | "shared";

/** Routed experts in place of the feed-forward layer. */
export interface MoeShape {
  /** Routed experts a layer. */
  readonly experts: number;
  /** Experts that one token goes through. */
  readonly perToken: number;
  /** Width of one expert (`moe_intermediate_size`). */
  readonly intermediate: number;
  /** Width of all shared experts together; 0 without. */
  readonly sharedIntermediate: number;
  /** The shared expert's output is gated: one more row of weights (Qwen). @default false */
  readonly sharedGate?: boolean;
  /** Layers at the start with an ordinary feed-forward layer (`first_k_dense_replace`). */
  readonly denseLayers: number;
  /** Router and experts have biases (gpt-oss). */
  readonly biases: boolean;
  /** The router has a 32-bit correction for each expert (DeepSeek V3, GLM-4.5). */
  readonly routerCorrection: boolean;
}

/** Multi-head latent attention (DeepSeek V2 and V3): the cache holds one compressed vector a token and layer. */
export interface MlaShape {
  readonly qLoraRank: number;
  readonly kvLoraRank: number;
  /** Width of the part of a head that is rotated. */
  readonly ropeDim: number;
  /** Width of the part of a head that is not. */
  readonly nopeDim: number;
  readonly valueDim: number;
}

/** Layers that look only at the last `window` tokens. */
export interface SlidingShape {
  /** In tokens. */
  readonly window: number;
  /** Every so many layers one is global: layer i (from 0) when (i + 1) is a multiple of it. */
  readonly globalEvery: number;
}

/**
 * Layers with linear attention (gated delta net: Qwen3-Next, Qwen3.5). They keep a state of one size for each sequence, however
 * long it is, and no keys and values. The full-attention layers between them gate their output, so that their query
 * projection is twice as wide. @see vllm/model_executor/models/qwen3_next.py, layers/mamba/gdn/qwen_gdn_linear_attn.py
 */
export interface LinearShape {
  /** Every so many layers one has full attention: layer i (from 0) when (i + 1) is a multiple of it. */
  readonly fullEvery: number;
  /** Heads of queries and keys, and of values. */
  readonly keyHeads: number;
  readonly valueHeads: number;
  /** Width of one head of queries and keys, and of values. */
  readonly keyDim: number;
  readonly valueDim: number;
  /** Tokens that the convolution before the attention sees. */
  readonly convKernel: number;
  /** Bytes of one number of the recurrent state: 4 where config.json says `mamba_ssm_dtype: float32`, else as the model. */
  readonly stateBytes: 2 | 4;
}

/** Rotary embedding tables, as vLLM keeps them on every rank: one row of `dim` entries for each position. */
export interface RopeShape {
  /** Rows of all tables together. Linear scaling multiplies the positions by its factor; Gemma 3 has a second, local table. */
  readonly rows: number;
  /** Entries in a row: the rotated part of a head. */
  readonly dim: number;
}

/** One model as it lies on the hub: architecture and storage format. */
export interface ModelShape {
  /** Hugging Face id. */
  readonly id: string;
  /** Transformer layers. */
  readonly layers: number;
  readonly hidden: number;
  /** Attention heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly kvHeads: number;
  /** Width of one head. */
  readonly headDim: number;
  /** Width of the feed-forward layer; of the dense layers in a model with experts (unused when there are none). */
  readonly intermediate: number;
  /** Entries in the vocabulary, as `vocab_size` says; not padded. */
  readonly vocab: number;
  /** Largest context in tokens (`max_position_embeddings`; the length the card vouches for when that is longer). */
  readonly maxContext: number;
  /** The output head is the embedding matrix. */
  readonly tied: boolean;
  /** Biases on the query, key and value projections, and on the output projection. */
  readonly qkvBias: boolean;
  readonly outBias: boolean;
  /** A norm over each head of query and key. */
  readonly qkNorm: boolean;
  /** Norms over the hidden state in a layer: 2, or 4 where they also follow attention and feed-forward (Gemma 3). */
  readonly norms: 2 | 4;
  /** Learned attention sinks, one number a head (gpt-oss). */
  readonly sinks: boolean;
  readonly rope: RopeShape;
  readonly sliding?: SlidingShape;
  /** Not beside `sliding`. */
  readonly linear?: LinearShape;
  readonly moe?: MoeShape;
  readonly mla?: MlaShape;
  /** Parameters of the vision tower and its projector, in 16 bit. */
  readonly visionParams?: number;
  readonly quantization: Quantization;
  /** What the quantization leaves out besides embedding, head and norms. @default nothing */
  readonly plainParts?: readonly PlainPart[];
  /** Published number of parameters, of the unquantized model and without multi-token-prediction layers. */
  readonly publishedParams?: number;
  /** Where the fields come from. */
  readonly source: string;
  /** When they were looked up (ISO date). */
  readonly date: string;
  /** False: from memory only, or the storage format could not be checked; the plan warns. */
  readonly verified: boolean;
}

/** The fields that most decoders share; a family says what differs. */
export const plainDecoder = {
  tied: false,
  qkvBias: false,
  outBias: false,
  qkNorm: false,
  norms: 2,
  sinks: false,
  quantization: { format: "bf16" },
  date: "2026-11-22",
  verified: true,
} as const satisfies Partial<ModelShape>;

/** AWQ as AutoAWQ writes it. */
export const awq128: Quantization = { format: "int4", group: 128, zeros: true };
/** GPTQ (symmetric) and compressed-tensors W4A16, which store the same. */
export const w4a16: Quantization = { format: "int4", group: 128, zeros: false };
/** FP8 with blocks of 128 x 128, as Qwen3 and DeepSeek publish it. */
export const fp8Block: Quantization = { format: "fp8", scales: "block128" };
/** FP8 with a scale per output channel, as compressed-tensors "FP8-dynamic" writes it. */
export const fp8Channel: Quantization = { format: "fp8", scales: "channel" };

/** The same model in another storage format, under its own id. */
export const stored = (
  base: ModelShape,
  id: string,
  quantization: Quantization,
  verified: boolean,
  source: string,
): ModelShape => ({ ...base, id, quantization, verified, source: `${source}; ${base.source}` });

/** The sizes of a decoder in the order of its config.json. */
export type Sizes = readonly [
  layers: number,
  hidden: number,
  heads: number,
  kvHeads: number,
  headDim: number,
  intermediate: number,
];

/** Those sizes under their names. */
export const sizes = ([layers, hidden, heads, kvHeads, headDim, intermediate]: Sizes): Pick<
  ModelShape,
  "layers" | "hidden" | "heads" | "kvHeads" | "headDim" | "intermediate"
> => ({ layers, hidden, heads, kvHeads, headDim, intermediate });
