import type { DiffKind } from "./detailedDiff";
import type { Properties } from "./values";

/** A property that a provider rejects. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Diff {
  /** By property path; empty means no change. */
  readonly changes: ReadonlyMap<string, DiffKind>;
  /** Paths out of `changes` that need a replacement. */
  readonly replaces: ReadonlySet<string>;
}

/** One call from the engine. */
export interface Call {
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Nothing may be touched: outputs that cannot be known are `UNKNOWN`. */
  readonly preview: boolean;
  /** Shows a line under the resource while the operation runs. */
  readonly log: (line: string) => void;
}

/** One resource type. A method that throws fails the operation with the error's message. */
export interface StandInResource {
  /** Also the place to refuse, by name, what the stand-in does not implement. */
  check(news: Properties): readonly CheckFailure[];
  diff(oldInputs: Properties, news: Properties): Diff;
  create(call: Call, inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
  update(call: Call, state: Properties, news: Properties): Promise<Properties>;
  delete(call: Call, state: Properties): Promise<void>;
}

/** A provider that runs in its own process in place of an official plugin. */
export interface StandIn {
  /** Package name, as in `command:local:Command`. */
  readonly name: string;
  /** Version of the official plugin that it stands in for. */
  readonly version: string;
  /** By type token. */
  readonly resources: Readonly<Record<string, StandInResource>>;
  /** Ends, at once, all that runs; resolves when nothing runs any more. */
  cancel(): Promise<void>;
}
