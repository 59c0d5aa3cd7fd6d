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
  return { width, layers, feedForward, patch: config.patch_size, ...image };
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

/** Patches that a projector joins before it projects them, side by side and one below the other. */
const joined = 4;

/** Any other tower, from above: a gated feed-forward layer, and a projector over joined patches. */
function estimate({ width, layers, feedForward, patch }: Tower, hidden: number): number {
  const layer = 4 * width ** 2 + 3 * width * feedForward;
  const projector = (joined * width) ** 2 + joined * width * hidden + hidden ** 2;
  return Math.ceil(channels * patch ** 2 * width + layers * layer + projector);
}

/** Undefined, and faults, where the tower's config does not say how large it is. */
export function visionOf(raw: unknown, modelType: string, hidden: number, faults: Faults): Vision | undefined {
  const tower = towerOf(raw, faults);
  if (tower === undefined) return undefined;
  const exact = modelType === "gemma3";
  return { params: exact ? siglip(tower, hidden) : estimate(tower, hidden), exact };
}
