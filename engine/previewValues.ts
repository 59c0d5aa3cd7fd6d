/** What the engine says of a resource's properties, without its secrets. */
import type { StepEventMetadata } from "@pulumi/pulumi/automation";

/** One property of a resource that differs. */
export interface PropertyChange {
  /** As the engine writes it: `connection.host`, `disks[0].size`. */
  readonly path: string;
  readonly kind: "add" | "update" | "delete";
  /** Whether it is why the resource is made anew. */
  readonly replaces: boolean;
  /** What is recorded, and what it would be; secrets are `secretText`, what only an `up` will know is `unknownText`. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What stands for a secret, and for a value that is not known yet. */
export const secretText = "[secret]";
export const unknownText = "[unknown]";

/** From the detailed diff where the provider gives one, else from the names of the properties. */
export function changesOf({ detailedDiff, diffs, keys, old, new: next }: StepEventMetadata): readonly PropertyChange[] {
  const replacing = keys ?? [];
  const detailed = Object.entries<{ readonly diffKind: string }>(detailedDiff ?? {}).map(([name, { diffKind }]) => ({
    name,
    diffKind,
  }));
  const named = [...new Set([...(diffs ?? []), ...replacing])].map((name) => ({ name, diffKind: "update" }));
  // `__meta` is what the bridge of Terraform's providers keeps for itself.
  const all = (detailed.length > 0 ? detailed : named).filter(({ name }) => name !== "__meta");
  return all.map(({ name, diffKind }): PropertyChange => {
    const [kind, replace] = diffKind.split("-");
    const [before, after] = [valueAt(old?.inputs, name), valueAt(next?.inputs, name)];
    return {
      path: name,
      kind: kind === "add" || kind === "delete" ? kind : "update",
      replaces: replace !== undefined || replacing.includes(name),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
  });
}

/** Pulumi's marks inside property values. @see pulumi/sdk/go/common/resource/properties.go */
const signature = "4dabf18193072939515e22adb298388d";
/** Of a computed value. @see pulumi/sdk/go/common/resource/plugin/rpc.go, UnknownStringValue */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The value at `disks[0].size` or `data["a.b"]`; what is inside a secret or an unknown value is that. */
function valueAt(inputs: unknown, name: string): unknown {
  let value: unknown = inputs;
  for (const [, key, quoted] of name.matchAll(/\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    const shown = plainOf(value);
    if (shown === secretText || shown === unknownText) return shown;
    if (!isObject(value)) return undefined;
    value = Reflect.get(value, key ?? quoted ?? "");
  }
  return plainOf(value);
}

/** With words for what is not shown. */
export function plainOf(value: unknown): unknown {
  if (value === unknownValue) return unknownText;
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isObject(value)) return value;
  if (signature in value) return secretText;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
}
