/** Resources as rules see them: plain data, without Pulumi. */

/** Stands for a value that only an `up` will know. */
export const unknownText = "[unknown]";

/** One resource, before it is made. */
export interface PolicyResource {
  /** Type token, such as `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  readonly name: string;
  /** Inputs; what is not known yet is `unknownText`. Secrets are in the clear: no message may quote a value. */
  readonly props: Readonly<Record<string, unknown>>;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
}

/** One thing against a rule. */
export interface Violation {
  /** The resource, by its name. */
  readonly name: string;
  /** What is wrong and what to do, without any secret. */
  readonly message: string;
}

/** What a pack's user may set for a rule (`--policy-pack-config`). */
export type RuleConfig = Readonly<Record<string, unknown>>;

/** A rule of the pack. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** Whether it has to see all resources of a stack at once. */
  readonly scope: "resource" | "stack";
  /** The rule itself: pure. */
  readonly check: (resources: readonly PolicyResource[], config: RuleConfig) => readonly Violation[];
}

/** What stands at a path of plain data; undefined where the path leaves it. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (Reflect.get(inner, key) as unknown) : undefined),
    value,
  );

/** A list's entries; none where there is no list. */
export const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
};

/** A text; empty where there is none. */
export const textAt = (value: unknown, ...path: readonly (string | number)[]): string => {
  const text = at(value, ...path);
  return typeof text === "string" ? text : "";
};

/** Whether a resource is an object of Kubernetes, and no provider. */
export const isKubernetes = ({ type }: PolicyResource): boolean => type.startsWith("kubernetes:");

/** Kind of a Kubernetes object: the end of its type. */
export const kindOf = ({ type }: PolicyResource): string =>
  type.startsWith("kubernetes:") ? (type.split(":")[2] ?? "") : "";

/** A part of a resource's inputs. */
export interface Part {
  readonly path: string;
  readonly value: unknown;
}

/** Every group inside a value, itself first. */
export function groupsIn(value: unknown, path = ""): readonly Part[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    groupsIn(one, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
  );
  return Array.isArray(value) ? inner : [{ path, value }, ...inner];
}

/** Pod specs, wherever an object has them: groups with a list of containers. */
export const podsIn = (resource: PolicyResource): readonly Part[] =>
  isKubernetes(resource) ? groupsIn(resource.props).filter(({ value }) => Array.isArray(at(value, "containers"))) : [];

/** Containers of a pod, those of its start first. */
export const containersOf = ({ path, value }: Part): readonly Part[] =>
  ["initContainers", "containers"].flatMap((list) =>
    listAt(value, list).map((one, index) => ({ path: `${path}.${list}[${index}]`, value: one })),
  );
