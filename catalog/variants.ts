/** The storage formats in which the catalogue has one model. */
import { modelShapes, type ModelShape } from "./modelShapes";

/** What publishers add to a name for the storage format. */
const storage =
  /-(?:awq(?:-int4)?|int4-awq|gptq(?:-int[48])?|gptq-4b-128g|fp8(?:-dynamic|-block)?|quantized\.w\d+a\d+|w\d+a\d+|bnb-4bit|bf16)$/;

/** Name without publisher and storage format: one for all variants of a model. */
export const baseName = (id: string): string =>
  id
    .slice(id.lastIndexOf("/") + 1)
    .toLowerCase()
    .replace(storage, "")
    .replace(/^meta-llama-/, "llama-");

/** A model in all storage formats of the catalogue, itself among them, sorted by id. */
export function variantsOf(shape: ModelShape): readonly ModelShape[] {
  const base = baseName(shape.id);
  const alike = modelShapes.filter(
    ({ id, layers, hidden }) => baseName(id) === base && layers === shape.layers && hidden === shape.hidden,
  );
  return alike.some(({ id }) => id === shape.id) ? alike : [shape, ...alike];
}
