/** Which parts of a quantized model stay in 16 bit, from the lists of exceptions in `quantization_config`. */
import type { PlainPart } from "../modelShape";

/** A layer's matrix that stands for each part, by the names of the model files. */
const probes: Readonly<Record<PlainPart, readonly string[]>> = {
  attention: ["self_attn.o_proj"],
  linear: ["linear_attn.out_proj"],
  shared: ["mlp.shared_expert.down_proj", "mlp.shared_experts.down_proj"],
};

/** What may stand before a layer's number. */
const roots = ["model.layers", "model.language_model.layers", "language_model.model.layers"] as const;

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

/** Patterns of all methods: lists of names, "re:" and a regular expression, and GPTQModel's "-:" as keys. */
function patternsOf(raw: Readonly<Record<string, unknown>>): readonly string[] {
  const dynamic = typeof raw.dynamic === "object" && raw.dynamic !== null ? Object.keys(raw.dynamic) : [];
  return [
    ...strings(raw.ignore),
    ...strings(raw.modules_to_not_convert),
    ...strings(raw.ignored_layers),
    ...dynamic.filter((name) => name.startsWith("-:")).map((name) => `re:${name.slice(2)}`),
  ];
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith("re:")) {
    const whole = name === pattern || name.startsWith(`${pattern}.`) || name.endsWith(`.${pattern}`);
    return whole || (!/layers\.\d/.test(pattern) && name.includes(pattern));
  }
  try {
    return new RegExp(pattern.slice(3)).test(name);
  } catch {
    return false; // Python's syntax, which this one lacks: the part then counts as quantized.
  }
}

/**
 * The parts that are left out of the quantization in every layer that has them. `layers`: how many there are; one in the
 * middle must match, since some lists only spare the first and the last ones.
 * @see vllm quantization/utils/quant_utils.py, is_layer_skipped; compressed_tensors/utils.py, should_ignore_layer
 */
export function plainPartsOf(
  raw: Readonly<Record<string, unknown>> | null | undefined,
  layers: number,
): readonly PlainPart[] {
  const patterns = raw === null || raw === undefined ? [] : patternsOf(raw);
  if (patterns.length === 0) return [];
  const middle = Math.floor(layers / 2);
  // Full and linear attention alternate: one of a few neighbours has the part.
  const near = [0, 1, 2, 3].map((more) => Math.min(layers - 1, middle + more));
  const spared = (probe: string): boolean =>
    near.some((index) => roots.some((root) => patterns.some((each) => matches(each, `${root}.${index}.${probe}`))));
  return (["attention", "linear", "shared"] as const).filter((part) => probes[part].some(spared));
}
