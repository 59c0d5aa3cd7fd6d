/**
 * Colours, light and dark. Each is written twice: as an attribute, for viewers that drop styles, and as a class, which
 * follows the reader's colour scheme. The page has a background of its own, so that the light colours stand on any page.
 */
import { segmentNames } from "../explain/segments";

const colours = {
  page: ["#ffffff", "#0d1117"],
  host: ["#f6f8fa", "#161b22"],
  node: ["#ffffff", "#0d1117"],
  line: ["#8c959f", "#6e7681"],
  network: ["#0550ae", "#79c0ff"],
  nvlink: ["#4d7c0f", "#a3e635"],
  text: ["#1f2328", "#e6edf3"],
  dim: ["#57606a", "#9da7b1"],
  warn: ["#9a6700", "#d29922"],
  weights: ["#0969da", "#4493f8"],
  activations: ["#bc4c00", "#f0883e"],
  graphs: ["#8250df", "#a371f7"],
  kv: ["#1a7f37", "#3fb950"],
  free: ["#d8dee4", "#3d444d"],
} as const;

/** A colour by what it is for. */
export type Colour = keyof typeof colours;

const names = Object.keys(colours) as readonly Colour[]; // The keys of a constant: nothing else can be in it.

/** Attributes that fill with a colour. */
export const fill = (name: Colour): Record<string, string> => ({ class: `f-${name}`, fill: colours[name][0] });

/** Attributes that fill with one colour and draw the edge with another. */
export const fillAndEdge = (inside: Colour, edge: Colour): Record<string, string> => ({
  class: `f-${inside} s-${edge}`,
  fill: colours[inside][0],
  stroke: colours[edge][0],
});

/** Attributes of a line. */
export const stroke = (name: Colour): Record<string, string> => ({
  class: `s-${name}`,
  stroke: colours[name][0],
  fill: "none",
});

const rules = (mode: 0 | 1): string =>
  names.map((name) => `.f-${name}{fill:${colours[name][mode]}}.s-${name}{stroke:${colours[name][mode]}}`).join("");

/** The style sheet. */
export const style = (): string => `<style>${rules(0)}@media (prefers-color-scheme:dark){${rules(1)}}</style>`;

/** Parts of a bar, in order, with their words. */
export const legend: readonly (readonly [Colour, string])[] = segmentNames.map((name) => [
  name,
  { weights: "weights", activations: "activations", graphs: "CUDA graphs", kv: "KV cache", free: "free" }[name],
]);
