/** Which keys a schema knows, read from the schema itself, so that the two cannot drift. */
import { distance } from "fastest-levenshtein";
import * as z from "zod";

/** The schema behind defaults and transforms. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNonOptional
  ) {
    return bare(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

/** What stands at a path; undefined where the schema knows nothing of it. */
function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  const here = bare(schema);
  if (here instanceof z.ZodArray) return schemaAt(here.def.element, rest);
  if (!(here instanceof z.ZodObject)) return undefined;
  const shape: Readonly<Record<string, z.core.$ZodType>> = here.def.shape;
  const inner = shape[String(head)];
  return inner === undefined ? undefined : schemaAt(inner, rest);
}

/** The keys of the group at a path; none where there is no group of fixed keys. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const found = schemaAt(schema, path);
  const group = found === undefined ? undefined : bare(found);
  return group instanceof z.ZodObject ? Object.keys(group.def.shape) : [];
}

/** Whether what stands at a path may be left out. */
export function isOptionalAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): boolean {
  const found = schemaAt(schema, path);
  return found === undefined || z.safeParse(found, undefined).success;
}

/** The nearest known key, if one is near enough to be what was meant: at most a third of the letters differ, or two (swapped ones count twice). */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}
