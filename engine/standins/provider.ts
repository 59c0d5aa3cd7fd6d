import type { DiffKind } from "./detailedDiff";
import type { Properties } from "./values";

/** A property that a provider rejects. */
export interface CheckFailure {
  /** Empty when the reason says where. */
  readonly property: string;
  readonly reason: string;
}

/** What a check that completes the inputs found. */
export interface Checked {
  /** What the engine goes on with: the inputs and what the provider adds to them (a name, defaults). */
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

export interface Diff {
  /** By property path; empty means no change. */
  readonly changes: ReadonlyMap<string, DiffKind>;
  /** Paths out of `changes` that need a replacement. */
  readonly replaces: ReadonlySet<string>;
  /** The old one has to go first, because the new one has its name. @default false */
  readonly deleteFirst?: boolean;
  /** The official plugin names no top-level properties besides the paths. @default false */
  readonly pathsOnly?: boolean;
}

/** One call from the engine. */
export interface Call {
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Nothing may be touched: outputs that cannot be known are `UNKNOWN`. */
  readonly preview: boolean;
  /** The resource's id; empty where it has none yet. */
  readonly id: string;
  /** From the resource's `customTimeouts`; 0 where it has none. */
  readonly timeoutSeconds: number;
  /** Property paths out of the resource's `ignoreChanges`. */
  readonly ignoreChanges: readonly string[];
  /** What a generated name may depend on, so that a preview and its update generate the same. */
  readonly seed: string;
  /** Shows a line under the resource while the operation runs. */
  readonly log: (line: string) => void;
  /** Shows a warning that stays. */
  readonly warn: (line: string) => void;
}

/** A resource as it is now. */
export interface Live {
  /** The inputs that would make it as it is. */
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** One resource type. A method that throws fails the operation with the error's message. */
export interface StandInResource {
  /**
   * Also the place to refuse, by name, what the stand-in does not implement. Failures alone mean that the inputs stay
   * as they are. @param name of the resource; @param olds the inputs before, empty for a new resource
   */
  check(
    news: Properties,
    name: string,
    olds: Properties,
    call: Call,
  ): readonly CheckFailure[] | Checked | Promise<readonly CheckFailure[] | Checked>;
  diff(oldInputs: Properties, news: Properties, state: Properties, call: Call): Diff | Promise<Diff>;
  create(call: Call, inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
  update(call: Call, state: Properties, news: Properties): Promise<Properties>;
  delete(call: Call, state: Properties): Promise<void>;
  /** Looks at it, for a refresh; undefined when it is gone. @default it is what the state says */
  read?(call: Call, state: Properties, inputs: Properties): Promise<Live | undefined>;
}

/** A provider that runs in its own process in place of an official plugin. */
export interface StandIn {
  /** Package name, as in `command:local:Command`. */
  readonly name: string;
  /** Version of the official plugin that it stands in for. */
  readonly version: string;
  /** By type token. */
  readonly resources: Readonly<Record<string, StandInResource>>;
  /** For a provider whose types are not all known beforehand; undefined refuses the type. */
  resourceOf?(type: string): StandInResource | undefined;
  /** What is wrong with the provider's own configuration. @default nothing is looked at */
  checkConfig?(news: Properties): readonly CheckFailure[];
  /** What a changed configuration does. @default any change is an update of the provider alone */
  diffConfig?(olds: Properties, news: Properties): Diff;
  /** Takes the provider's own configuration, before any resource. */
  configure?(config: Properties): void | Promise<void>;
  /** Ends, at once, all that runs; resolves when nothing runs any more. */
  cancel(): Promise<void>;
}
