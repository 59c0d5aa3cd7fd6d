import type { EngineEvent as RawEvent } from "@pulumi/pulumi/automation";

/** What happens to a resource: create, update, delete, same, replace, create-replacement, delete-replaced, read ... */
export interface ResourceStep {
  readonly op: string;
  readonly urn: string;
  /** Type token, as in `command:local:Command`. */
  readonly type: string;
  /** Last part of the URN. */
  readonly name: string;
}

/** One event of a running operation. */
export type EngineEvent =
  | ({ readonly kind: "resourcePre" } & ResourceStep)
  | ({ readonly kind: "resOutputs" } & ResourceStep)
  | ({ readonly kind: "resFailed" } & ResourceStep)
  | {
      readonly kind: "diagnostic";
      readonly severity: "info" | "warning" | "error";
      /** Without colour marks; may have several lines. */
      readonly message: string;
      /** The resource that it is about, if any. */
      readonly urn?: string;
      /** A status line: worth showing while it lasts, not worth keeping. */
      readonly ephemeral: boolean;
    };

/** How many resources an operation did what with: a replaced one counts once, and the stack itself counts as one. */
export interface ChangeSummary {
  readonly same: number;
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly delete: number;
}

export type OnEvent = (event: EngineEvent) => void;

/** The event in our words; undefined for those that nobody here needs. */
export function narrowEvent(raw: RawEvent): EngineEvent | undefined {
  if (raw.resourcePreEvent) return { kind: "resourcePre", ...stepOf(raw.resourcePreEvent.metadata) };
  if (raw.resOutputsEvent) return { kind: "resOutputs", ...stepOf(raw.resOutputsEvent.metadata) };
  if (raw.resOpFailedEvent) return { kind: "resFailed", ...stepOf(raw.resOpFailedEvent.metadata) };
  if (raw.diagnosticEvent) {
    const { message, urn, ephemeral } = raw.diagnosticEvent;
    const severity = SEVERITIES.get(raw.diagnosticEvent.severity);
    if (severity === undefined) return undefined;
    return {
      kind: "diagnostic",
      severity,
      message: message.replace(/<\{%[^%]*%\}>/g, "").trimEnd(),
      ...(urn ? { urn } : {}),
      ephemeral: ephemeral === true,
    };
  }
  return undefined;
}

/** `info#err` is what a program or a plugin wrote to stderr. The engine's `debug` lines are left out. */
const SEVERITIES: ReadonlyMap<string, "info" | "warning" | "error"> = new Map([
  ["info", "info"],
  ["info#err", "info"],
  ["warning", "warning"],
  ["error", "error"],
]);

export function summaryOf(changes: Readonly<Record<string, number>>): ChangeSummary {
  return {
    same: changes["same"] ?? 0,
    create: changes["create"] ?? 0,
    update: changes["update"] ?? 0,
    replace: changes["replace"] ?? 0,
    delete: changes["delete"] ?? 0,
  };
}

/** The name that a program gave to a resource. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

function stepOf(metadata: { readonly op: string; readonly urn: string; readonly type: string }): ResourceStep {
  return { op: metadata.op, urn: metadata.urn, type: metadata.type, name: nameOf(metadata.urn) };
}
