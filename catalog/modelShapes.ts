/** The models this project knows the insides of. Adding one is one row in its family's file. */
import { gemmas } from "./shapes/gemma";
import { llamas } from "./shapes/llama";
import type { ModelShape } from "./shapes/modelShape";
import { others } from "./shapes/others";
import { qwen } from "./shapes/qwen";
import { qwenHybrids } from "./shapes/qwenHybrid";

export type {
  LinearShape,
  MlaShape,
  ModelShape,
  MoeShape,
  PlainPart,
  Quantization,
  SlidingShape,
} from "./shapes/modelShape";

/** Every model, sorted by id. */
export const modelShapes: readonly ModelShape[] = [...gemmas, ...llamas, ...others, ...qwen, ...qwenHybrids].sort(
  (a, b) => (a.id < b.id ? -1 : 1),
);

const byId: ReadonlyMap<string, ModelShape> = new Map(modelShapes.map((shape) => [shape.id.toLowerCase(), shape]));

/** The model of that Hugging Face id, in any case; undefined when nobody knows it. */
export const modelShape = (id: string): ModelShape | undefined => byId.get(id.toLowerCase());
