/** What is wrong with a config.json, in the form of a configuration fault (config/errors.ts), which this room may not import. */

/** One thing that a shape cannot be made from. */
export interface ShapeFault {
  /** Where in the config.json: "text_config.num_hidden_layers"; "(config)" for all of it. */
  readonly path: string;
  readonly found: string;
  readonly needed: string;
  readonly fix: string;
}

/** Collects faults, so that a reader can go on and find the next one. */
export interface Faults {
  readonly all: readonly ShapeFault[];
  readonly add: (fault: ShapeFault) => void;
}

/** An empty collection. */
export function noFaults(): Faults {
  const all: ShapeFault[] = [];
  return { all, add: (fault) => all.push(fault) };
}

/** A value in a message, short. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What to do when the architecture is not understood. */
export const chooseAnother = "choose a model of the catalogue, or one of a family that is understood";
