/** What the terminal can do: colours and width. */
import pc from "picocolors";
import { noPaint, type Paint } from "../../plan/explain/paint";

/** Narrowest and widest line of a plan in characters. */
const widths = { least: 80, most: 100 } as const;

/**
 * Colours on a terminal; never in a file or a pipe.
 * @param supported false when NO_COLOR or TERM=dumb says so
 */
export function paintFor(out: { readonly isTTY?: boolean }, supported: boolean = pc.isColorSupported): Paint {
  if (out.isTTY !== true || !supported) return noPaint;
  const { bold, dim, green, yellow, blue, magenta } = pc.createColors(true);
  return {
    strong: bold,
    dim,
    good: green,
    warn: yellow,
    segment: { weights: blue, activations: yellow, graphs: magenta, kv: green, free: dim },
  };
}

/** Width of the text: the terminal's within limits. */
export const widthFor = (out: { readonly columns?: number }): number =>
  Math.min(widths.most, Math.max(widths.least, out.columns ?? widths.least));
