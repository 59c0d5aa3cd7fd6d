/** Offline checks with the official plugin's texts. */
import { z } from "zod";
import type { CheckFailure } from "../provider";
import { hasUnknown, reveal, type Properties, type PropertyValue } from "../values";

const NOT_IMPLEMENTED = "this stand-in does not implement it; it needs the official proxmoxve plugin";

/** The place of a value as the official plugin names it: "vm.disks[0].size". */
const placeOf = (name: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    name,
  );

/** Inputs in the clear, without what the engine adds. */
export const plain = (properties: Properties): Properties =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([key, value]) => key !== "version" && !key.startsWith("__") && value !== null)
      .map(([key, value]) => [key, reveal(value)]),
  );

/** Drops what is not known yet: it can neither be right nor wrong. */
function known(value: PropertyValue): PropertyValue | undefined {
  if (Array.isArray(value)) return hasUnknown(value) ? undefined : value;
  if (value === null || typeof value !== "object") return hasUnknown(value) ? undefined : value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const rest = known(item);
      return rest === undefined ? [] : [[key, rest]];
    }),
  );
}

/**
 * One failure for each value that does not fit its schema. A value that is not known yet is taken to fit, and so is one
 * that is missing because of that.
 */
export function checkWith(schema: z.ZodObject, properties: Properties, name: string): readonly CheckFailure[] {
  const given = plain(properties);
  const result = schema.safeParse(known(given));
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => refusal(name, [...issue.path, key]));
    if (hasUnknown(given[String(issue.path[0])] ?? null)) return [];
    return [{ property: "", reason: `${issue.message}. Examine values at '${placeOf(name, issue.path)}'.` }];
  });
}

const refusal = (name: string, path: readonly PropertyKey[]): CheckFailure => ({
  property: placeOf("", path).slice(1),
  reason: `${NOT_IMPLEMENTED}. Examine values at '${placeOf(name, path)}'.`,
});

/** "expected cores to be in the range (1 - 2304), got 0". */
export const range = (attribute: string, min: number, max: number): z.ZodType<number, number> =>
  z.number().refine((value) => Number.isInteger(value) && value >= min && value <= max, {
    error: ({ input }) => `expected ${attribute} to be in the range (${min} - ${max}), got ${String(input)}`,
  });

/** 'expected bios to be one of ["ovmf" "seabios"], got x'. */
export const oneOf = (attribute: string, ...words: readonly string[]): z.ZodType<string, string> =>
  z.string().refine((value) => words.includes(value), {
    error: ({ input }) =>
      `expected ${attribute} to be one of [${words.map((word) => `"${word}"`).join(" ")}], got ${String(input)}`,
  });

/** The same of the plugin's newer resources. */
export const matching = (
  attribute: string,
  test: (value: string) => boolean,
  text: string,
  separator = ", got: ",
  quote = '"',
): z.ZodType<string, string> =>
  z.string().refine(test, {
    error: ({ input }) =>
      `Invalid Attribute Value Match. Attribute ${attribute} ${text}${separator}${quote}${String(input)}${quote}`,
  });
