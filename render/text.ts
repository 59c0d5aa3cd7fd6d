/** Text with a stable order: same data, same bytes. */
import { stringify } from "yaml";

/** Plain data, as JSON and YAML know it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A mapping of plain data. */
export type JsonObject = { readonly [key: string]: Json };

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** The same data with the keys of every mapping sorted; lists keep their order. */
export function sortKeys(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortInside(inner)]),
  );
}

function sortInside(value: Json): Json {
  if (isList(value)) return value.map(sortInside);
  return typeof value === "object" && value !== null ? sortKeys(value) : value;
}

/**
 * YAML with sorted keys, no line folding and no anchors, ending in a line break. Ray reads it with a YAML 1.1 reader, to
 * which `yes` is a boolean and `1_000` a number: such texts are quoted.
 */
export const toYaml = (value: JsonObject): string =>
  stringify(value, { sortMapEntries: true, lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });

/** JSON with sorted keys, two spaces, ending in a line break. */
export const toJson = (value: JsonObject): string => `${JSON.stringify(sortKeys(value), null, 2)}\n`;
