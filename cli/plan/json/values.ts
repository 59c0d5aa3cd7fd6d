/** Small pieces of the JSON that `--json` prints. */
import * as z from "zod";

/** A whole number, 0 or more. */
export const whole = (what: string): z.ZodInt => z.int().min(0).describe(what);
/** A whole number, 1 or more. */
export const positive = (what: string): z.ZodInt => z.int().min(1).describe(what);
/** Bytes. */
export const bytes = (what: string): z.ZodInt => z.int().min(0).describe(`${what}, in bytes`);
/** Text. */
export const text = (what: string): z.ZodString => z.string().describe(what);
/** Sentences. */
export const sentences = (what: string): z.ZodArray<z.ZodString> => z.array(z.string()).describe(what);

/** One fault. */
export const fault = z
  .strictObject({
    path: text("where"),
    found: text("what is there"),
    needed: text("what would be accepted"),
    fix: text("what to do about it"),
  })
  .meta({ id: "fault", description: "one thing that stands in the way" });
