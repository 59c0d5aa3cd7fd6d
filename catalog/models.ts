/** What is known of a model without opening it. */
export interface CatalogModel {
  /** What a user writes in `models[].source`. */
  readonly source: string;
  /** The name it is served under unless the user gives one. */
  readonly defaultName: string;
  /** Largest context, in tokens (`max_position_embeddings`). */
  readonly contextLimit: number;
  /** Entries in the vocabulary: 256 bytes and special tokens, so that any text can be tokenized. */
  readonly vocabSize: number;
  /** Width of the hidden state. */
  readonly hiddenSize: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  /** Transformer layers. */
  readonly layers: number;
  /** Attention heads. */
  readonly heads: number;
  /** Key and value heads (grouped-query attention). */
  readonly kvHeads: number;
  /** Width of one head: hiddenSize / heads. */
  readonly headDim: number;
  /** True when the weights are random numbers: the model answers, and its words mean nothing. */
  readonly randomWeights: boolean;
}

/** Models that come with the project. The sizes are our own: the model is made from them on this machine. */
export const builtinModels = {
  "builtin:tiny-llama": {
    source: "builtin:tiny-llama",
    defaultName: "tiny-llama",
    contextLimit: 2048,
    vocabSize: 320,
    hiddenSize: 64,
    intermediateSize: 128,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 32, // the smallest that vLLM's CPU attention kernels take
    randomWeights: true,
  },
} as const satisfies Record<string, CatalogModel>;

/** Sources of the built-in models, sorted. */
export const builtinSources: readonly string[] = Object.keys(builtinModels).sort();

/** The built-in model of that source, if there is one. */
export function builtinModel(source: string): CatalogModel | undefined {
  return Object.values<CatalogModel>(builtinModels).find((model) => model.source === source);
}
