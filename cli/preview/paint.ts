/** Colours of a preview, handed in by who prints it: the text is the same with and without. */
import pc from "picocolors";
import type { Operation } from "./changes";

type Colour = (text: string) => string;

/** What may be coloured. */
export type Paint = Readonly<Record<Operation | "strong" | "dim" | "good" | "warn" | "bad", Colour>>;

const as: Colour = (text) => text;

/** No colour at all. */
export const noPaint: Paint = {
  ...{ strong: as, dim: as, good: as, warn: as, bad: as },
  ...{ create: as, update: as, replace: as, delete: as },
};

/**
 * Colours on a terminal; never in a file or a pipe.
 * @param supported false when NO_COLOR or TERM=dumb says so
 */
export function paintFor(out: { readonly isTTY?: boolean }, supported: boolean = pc.isColorSupported): Paint {
  if (out.isTTY !== true || !supported) return noPaint;
  const { bold, dim, green, yellow, red, magenta } = pc.createColors(true);
  return {
    ...{ strong: bold, dim, good: green, warn: yellow, bad: (text) => bold(red(text)) },
    ...{ create: green, update: yellow, replace: magenta, delete: red },
  };
}
