/** Colours of the table, handed in by who prints it: the text is the same with and without. */
import type { SegmentName } from "./segments";

type Colour = (text: string) => string;

/** What may be coloured. */
export interface Paint {
  readonly strong: Colour;
  readonly dim: Colour;
  readonly good: Colour;
  readonly warn: Colour;
  readonly segment: Readonly<Record<SegmentName, Colour>>;
}

const as: Colour = (text) => text;

/** No colour at all. */
export const noPaint: Paint = {
  strong: as,
  dim: as,
  good: as,
  warn: as,
  segment: { weights: as, activations: as, graphs: as, kv: as, free: as },
};
