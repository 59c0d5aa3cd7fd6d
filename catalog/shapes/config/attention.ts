/** Positions and sliding windows, from the config of a language model, as vLLM 0.29.0 reads them. */
import type { RopeShape, SlidingShape } from "../modelShape";
import type { Faults } from "./fault";
import type { Family } from "./families";
import { chooseAnother } from "./fault";
import { ropeSchema, type RawRope, type RawText } from "./raw";

/** Scaling of one rotary table, with what transformers fills in. */
interface Scaling {
  readonly type: string;
  readonly factor?: number;
  readonly original: number;
  readonly sections: boolean;
}

/** Older names. @see vllm/transformers_utils/config.py, patch_legacy_rope_type */
const renamed: Readonly<Record<string, string>> = { su: "longrope", mrope: "default" };

function scalingOf(raw: RawRope, text: RawText): Scaling {
  const name = raw.rope_type ?? raw.type ?? "default";
  const original =
    raw.original_max_position_embeddings ?? text.original_max_position_embeddings ?? text.max_position_embeddings;
  const factor = typeof raw.factor === "number" ? { factor: raw.factor } : {};
  return { type: renamed[name] ?? name, original, sections: Array.isArray(raw.mrope_section), ...factor };
}

/** One for each kind of layer, where they differ. */
function scalings(text: RawText, family: Family): readonly Scaling[] {
  const raw = text.rope_parameters ?? text.rope_scaling ?? {};
  const byKind = Object.values(raw).flatMap((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? [ropeSchema.safeParse(value)] : [],
  );
  const nested = byKind.flatMap((result) => (result.success ? [scalingOf(result.data, text)] : []));
  if (nested.length > 0) return nested;
  const single = scalingOf(ropeSchema.parse(raw), text);
  return family.localRope === true ? [single, scalingOf({}, text)] : [single];
}

/** Types whose factor does not lengthen the context. @see vllm/config/model.py, _get_and_verify_max_len */
const keepsLength: ReadonlySet<string> = new Set(["longrope", "llama3"]);

/**
 * Largest context as vLLM derives it: the positions, times the factor of the scaling; YaRN counts from the original ones.
 * Gemma 3 gives its positions already scaled.
 * @see vllm/config/model.py, _get_and_verify_max_len
 */
export function contextOf(text: RawText, family: Family): number {
  if (family.scaledPositions === true) return text.max_position_embeddings;
  return scalings(text, family).reduce((length, { type, factor, original }) => {
    if (keepsLength.has(type)) return length;
    return Math.floor((type === "yarn" ? original : text.max_position_embeddings) * (factor ?? 1));
  }, text.max_position_embeddings);
}

/** Multimodal rotary tables are four times as long. @see vllm rotary_embedding/mrope.py, cache_max_position_num */
const sectionsFactor = 4;

function rowsOf({ type, factor = 1, original, sections }: Scaling, positions: number): number {
  if (sections) return sectionsFactor * positions;
  if (type === "yarn") return Math.floor(original * factor);
  if (type === "longrope") return original + positions; // a short table and a long one
  return type === "linear" ? Math.floor(positions * factor) : positions;
}

/** The rotary tables. @see vllm/model_executor/layers/rotary_embedding/__init__.py, get_rope */
export function ropeOf(text: RawText, family: Family, headDim: number): RopeShape {
  const rows = scalings(text, family).reduce((sum, each) => sum + rowsOf(each, text.max_position_embeddings), 0);
  const inScaling = text.rope_parameters ?? text.rope_scaling;
  const own = inScaling !== undefined && inScaling !== null ? ropeSchema.safeParse(inScaling).data : undefined;
  const part = own?.partial_rotary_factor ?? text.partial_rotary_factor ?? family.partialRotary ?? 1;
  return { rows, dim: text.qk_rope_head_dim ?? Math.floor(headDim * part) };
}

/** True for each layer that sees all tokens. */
function globalLayers(text: RawText, family: Family): readonly boolean[] {
  const layers = Array.from({ length: text.num_hidden_layers }, (_, index) => index);
  if (text.layer_types !== undefined && text.layer_types !== null) {
    const types = text.layer_types;
    return layers.map((index) => types[index] !== "sliding_attention");
  }
  if (family.windowEvery !== undefined) {
    const every = text.sliding_window_pattern ?? text._sliding_window_pattern ?? family.windowEvery;
    return layers.map((index) => (index + 1) % every === 0);
  }
  if (family.windowOptIn === true) {
    const first = text.max_window_layers ?? 0;
    return layers.map((index) => text.use_sliding_window !== true || index < first);
  }
  return layers.map(() => false);
}

const understood: ReadonlySet<string> = new Set(["full_attention", "sliding_attention", "attention"]);

/**
 * The sliding window, where some layers have one that is shorter than the context. `globalEvery` past the last layer
 * means that no layer is global.
 * @see vllm/engine/arg_utils.py, create_engine_config; the models' own files
 */
export function slidingOf(text: RawText, family: Family, path: string, faults: Faults): SlidingShape | undefined {
  const place = (key: string): string => (path === "" ? key : `${path}.${key}`);
  if (family.needs?.includes("linear") === true) return undefined;
  const strange = text.layer_types?.find((type) => !understood.has(type));
  if (strange !== undefined) {
    const needed = "layers with full or sliding attention (others are modelled only in the types that have them)";
    faults.add({ path: place("layer_types"), found: `"${strange}"`, needed, fix: chooseAnother });
    return undefined;
  }
  const window = text.sliding_window ?? 0;
  const global = globalLayers(text, family);
  if (window === 0 || window >= text.max_position_embeddings || global.every(Boolean)) return undefined;
  const first = global.indexOf(true);
  const every = first < 0 ? global.length + 1 : first + 1;
  if (global.every((each, index) => each === ((index + 1) % every === 0))) return { window, globalEvery: every };
  const found = `global layers ${global.flatMap((each, index) => (each ? [index] : [])).join(", ")}`;
  faults.add({
    path: place("layer_types"),
    found,
    needed: "a global layer after equally many others",
    fix: chooseAnother,
  });
  return undefined;
}
