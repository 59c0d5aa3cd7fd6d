/** Parameters of a vision tower and its projector, from `vision_config`. */
import type { Faults } from "./fault";
import { read, visionSchema } from "./raw";

/** The tower's parameters, and whether they are counted or estimated. */
export interface Vision {
  readonly params: number;
  readonly exact: boolean;
}

const channels = 3;

/** The sizes that every tower has, under one name. */
interface Tower {
  readonly width: number;
  readonly layers: number;
  readonly feedForward: number;
  readonly patch: number;
  readonly image?: number;
  /** Of Qwen's towers: frames in a patch, patches that are joined, learned positions, mergers besides the last. */
  readonly frames: number;
  readonly joined: number;
  readonly positions: number;
  readonly mergers: number;
}

function towerOf(raw: unknown, faults: Faults): Tower | undefined {
  const config = read(visionSchema, raw, "vision_config", faults);
  if (config === undefined) return undefined;
  const width = config.embed_dim ?? config.hidden_size;
  const layers = config.num_hidden_layers ?? config.depth;
  const ratio = config.mlp_ratio ?? undefined;
  const feedForward = config.intermediate_size ?? (ratio === undefined ? undefined : ratio * (width ?? 0));
  if (typeof width !== "number" || typeof layers !== "number" || feedForward === undefined) {
    const needed = "hidden_size, num_hidden_layers (or depth) and intermediate_size (or mlp_ratio)";
    const fix = "take the config.json that is published with the model, unchanged";
    faults.add({ path: "vision_config", found: "a tower whose size cannot be told", needed, fix });
    return undefined;
  }
  const image = typeof config.image_size === "number" ? { image: config.image_size } : {};
  return {
    width,
    layers,
    feedForward,
    patch: config.patch_size,
    frames: config.temporal_patch_size ?? 2,
    joined: (config.spatial_merge_size ?? 2) ** 2,
    positions: config.num_position_embeddings ?? 2304,
    mergers: config.deepstack_visual_indexes?.length ?? 0,
    ...image,
  };
}

/**
 * SigLIP as Gemma 3 has it: biases everywhere, learned positions, two norms a layer and one at the end; the projector is
 * one matrix and one norm. @see vllm/model_executor/models/siglip.py, gemma3_mm.py
 */
function siglip({ width, layers, feedForward, patch, image = 0 }: Tower, hidden: number): number {
  const positions = (image / patch) ** 2 * width;
  const embedding = channels * patch ** 2 * width + width;
  const attention = 4 * (width ** 2 + width);
  const layer = attention + 2 * width * feedForward + feedForward + width + 4 * width;
  return positions + embedding + layers * layer + 2 * width + width * hidden + width;
}

/**
 * Qwen3-VL and Qwen3.5: biases everywhere, learned positions, a plain feed-forward layer, and mergers, each a norm and two
 * matrices over joined patches. @see vllm/model_executor/models/qwen3_vl.py, Qwen3_VisionTransformer
 */
function qwen3Tower(tower: Tower, hidden: number): number {
  const { width, layers, feedForward, patch, frames, joined, positions, mergers } = tower;
  const embedding = channels * frames * patch ** 2 * width + width + positions * width;
  const layer = 4 * (width ** 2 + width) + 2 * width * feedForward + feedForward + width + 4 * width;
  const wide = joined * width;
  const matrices = wide ** 2 + wide + wide * hidden + hidden;
  return embedding + layers * layer + (2 * width + matrices) + mergers * (2 * wide + matrices);
}

/** Any other tower, from above: a gated feed-forward layer, and a projector over joined patches. */
function estimate({ width, layers, feedForward, patch, joined }: Tower, hidden: number): number {
  const layer = 4 * width ** 2 + 3 * width * feedForward;
  const projector = (joined * width) ** 2 + joined * width * hidden + hidden ** 2;
  return Math.ceil(channels * patch ** 2 * width + layers * layer + projector);
}

/** Undefined, and faults, where the tower's config does not say how large it is. */
export function visionOf(raw: unknown, modelType: string, hidden: number, faults: Faults): Vision | undefined {
  const tower = towerOf(raw, faults);
  if (tower === undefined) return undefined;
  const count = modelType === "gemma3" ? siglip : /^qwen3_(vl|5)/.test(modelType) ? qwen3Tower : undefined;
  return { params: (count ?? estimate)(tower, hidden), exact: count !== undefined };
}
