/** A model's shape from its own config.json, for models that the catalogue does not have. */
import { contextOf, ropeOf, slidingOf } from "./config/attention";
import { families, notUnderstood, withVision, type Family, type Traits } from "./config/families";
import { chooseAnother, noFaults, type Faults, type ShapeFault } from "./config/fault";
import { quantizationOf } from "./config/quantizationConfig";
import { outerSchema, read, textSchema, type RawOuter, type RawText } from "./config/raw";
import { plainPartsOf } from "./config/unquantized";
import { visionOf } from "./config/vision";
import { plainDecoder, type ModelShape, type Quantization } from "./modelShape";

export type { ShapeFault } from "./config/fault";

/** A shape, or everything that stands in the way of one. */
export type ShapeResult = { readonly shape: ModelShape } | { readonly faults: readonly ShapeFault[] };

/** The language model in a config.json: its family, its own config and where that stands. */
interface Language {
  readonly family: Family;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly path: "" | "text_config";
}

function unknownType(type: string, path: string, faults: Faults): undefined {
  const why = notUnderstood.find(([name]) => name.test(type))?.[1];
  const found = why === undefined ? `"${type}"` : `"${type}", which has ${why}`;
  const needed = `one of ${[...Object.keys(families), ...Object.keys(withVision)].sort().join(", ")}`;
  faults.add({ path, found, needed, fix: chooseAnother });
  return undefined;
}

function languageOf(outer: RawOuter, faults: Faults): Language | undefined {
  const inner = withVision[outer.model_type];
  const nested = inner === undefined ? undefined : outer.text_config;
  const named = nested === undefined || nested === null ? undefined : nested.model_type;
  const type = inner === undefined ? outer.model_type : typeof named === "string" ? named : inner;
  const path = nested === undefined || nested === null ? "" : "text_config";
  const family = families[type];
  if (family === undefined) return unknownType(type, path === "" ? "model_type" : "text_config.model_type", faults);
  const own = inner === undefined ? textOnly(outer) : (nested ?? outer);
  return { family, raw: { ...family.defaults, ...own }, path };
}

/** Without pictures positions are plain numbers, whatever the config has kept. @see vllm models/config.py, Qwen3_5ForCausalLMConfig */
function textOnly(outer: RawOuter): Readonly<Record<string, unknown>> {
  const { rope_parameters: rope } = outer;
  if (typeof rope !== "object" || rope === null) return outer;
  return { ...outer, rope_parameters: { ...rope, mrope_section: undefined } };
}

/** Architectures that read a text and do not continue it. @see vllm/model_executor/models/registry.py */
const notGenerating = /ForMaskedLM|ForSequenceClassification|ForTokenClassification|RewardModel|EmbeddingModel/;

function checkArchitecture({ architectures }: RawOuter, faults: Faults): void {
  const found = architectures?.find((name) => notGenerating.test(name));
  if (found === undefined) return;
  faults.add({ path: "architectures", found, needed: "a model that generates text", fix: chooseAnother });
}

/** What the family needs and the config does not say, in words. */
const missing: Readonly<Record<"moe" | "mla" | "linear", string>> = {
  moe: "the number of experts, experts for each token and their width, with experts in every layer but the first ones",
  mla: "q_lora_rank, kv_lora_rank, qk_rope_head_dim, qk_nope_head_dim and v_head_dim (uncompressed queries are not modelled)",
  linear:
    "linear_num_key_heads, linear_num_value_heads, their widths, a gated output, and a full-attention layer after equally many others",
};

const uncounted = { moe: "experts", mla: "a latent cache", linear: "layers with linear attention" } as const;

function checkTraits(family: Family, traits: Traits, path: string, faults: Faults): void {
  for (const need of family.needs ?? []) {
    if (traits[need] !== undefined) continue;
    const found = `${uncounted[need]} that cannot be counted`;
    faults.add({ path: path === "" ? "(config)" : path, found, needed: missing[need], fix: chooseAnother });
  }
}

function headDimOf(text: RawText, traits: Traits, path: string, faults: Faults): number {
  const width = traits.headDim ?? text.head_dim ?? text.hidden_size / text.num_attention_heads;
  if (Number.isInteger(width)) return width;
  const found = `hidden_size ${text.hidden_size} over ${text.num_attention_heads} heads`;
  const needed = "a head_dim, or a hidden_size that the heads divide";
  const fix = "take the config.json that is published with the model, unchanged";
  faults.add({ path: path === "" ? "head_dim" : `${path}.head_dim`, found, needed, fix });
  return Math.floor(width);
}

/** Format of the weights, wherever it stands. @see vllm model_arch_config_convertor.py, get_quantization_config */
function storageOf(outer: RawOuter, layers: number, faults: Faults): Pick<ModelShape, "quantization" | "plainParts"> {
  const own = outer.quantization_config ?? outer.compression_config ?? undefined;
  const inner = outer.text_config?.quantization_config;
  const raw = own ?? (typeof inner === "object" && inner !== null ? { ...inner } : undefined);
  const path = own === undefined ? "text_config.quantization_config" : "quantization_config";
  const quantization: Quantization = quantizationOf(raw, path, faults) ?? { format: "bf16" };
  // MXFP4 is for experts alone, whatever its list says.
  const plainParts = quantization.format === "mxfp4" ? [] : plainPartsOf(raw, layers);
  return { quantization, ...(plainParts.length === 0 ? {} : { plainParts }) };
}

function visionFields(outer: RawOuter, text: RawText, faults: Faults): Pick<ModelShape, "visionParams" | "verified"> {
  const raw = withVision[outer.model_type] === undefined ? undefined : outer.vision_config;
  if (raw === undefined || raw === null) return { verified: true };
  const vision = visionOf(raw, outer.model_type, text.hidden_size, faults);
  return vision === undefined ? { verified: false } : { visionParams: vision.params, verified: vision.exact };
}

function assemble(outer: RawOuter, language: Language, text: RawText, id: string, faults: Faults): ModelShape {
  const { family, path } = language;
  const traits = family.traits(text);
  checkTraits(family, traits, path, faults);
  const headDim = headDimOf(text, traits, path, faults);
  const sliding = slidingOf(text, family, path, faults);
  const { moe, mla, linear, ...flags } = traits;
  return {
    ...plainDecoder,
    ...flags,
    id,
    layers: text.num_hidden_layers,
    hidden: text.hidden_size,
    heads: text.num_attention_heads,
    kvHeads: text.num_key_value_heads ?? text.num_attention_heads,
    headDim,
    intermediate: text.intermediate_size,
    vocab: text.vocab_size,
    maxContext: contextOf(text, family),
    tied: (path === "" ? undefined : outer.tie_word_embeddings) ?? text.tie_word_embeddings ?? false,
    rope: ropeOf(text, family, headDim),
    ...storageOf(outer, text.num_hidden_layers, faults),
    source: "its own config.json",
    ...(sliding === undefined ? {} : { sliding }),
    ...(linear === undefined ? {} : { linear }),
    ...(moe === undefined ? {} : { moe }),
    ...(mla === undefined ? {} : { mla }),
    ...visionFields(outer, text, faults),
  };
}

/**
 * Reads a config.json as published on the hub (parsed JSON). Unknown keys are ignored; what memory depends on must be
 * there, or be what transformers fills in for that model type. Vision towers other than Gemma 3's, Qwen3-VL's and Qwen3.5's are estimated, and the
 * shape then says `verified: false`. `date` is when the rules of the families were checked, against vLLM 0.29.0.
 * @param id the model's name, for the shape.
 */
export function shapeFromConfig(config: unknown, id: string): ShapeResult {
  const faults = noFaults();
  const outer = read(outerSchema, config, "", faults);
  if (outer === undefined) return { faults: faults.all };
  checkArchitecture(outer, faults);
  const language = languageOf(outer, faults);
  const text = language === undefined ? undefined : read(textSchema, language.raw, language.path, faults);
  if (language === undefined || text === undefined) return { faults: faults.all };
  const shape = assemble(outer, language, text, id, faults);
  return faults.all.length > 0 ? { faults: faults.all } : { shape };
}
