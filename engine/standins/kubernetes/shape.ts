/** Brings objects into the shape in which they can be compared. */
import { isDeepStrictEqual } from "node:util";
import { hasUnknown, type Properties, type PropertyValue } from "../values";
import { isBuiltIn } from "./discovery";
import { isCustomResourceDefinition, isMap, isSecretObject, mapAt, withoutAt, type KubeObject } from "./object";

/** What only the server writes. @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
const SERVER_METADATA = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

/**
 * Inputs without what the server overwrites: a Secret's `stringData` is in `data`, a definition has no status.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/clients/unstructured.go, Normalize
 */
export function normalized(object: KubeObject): KubeObject {
  const bare = SERVER_METADATA.reduce((rest, name) => withoutAt(rest, ["metadata", name]), object);
  if (isCustomResourceDefinition(bare)) {
    const kept = withoutAt(bare, ["status"]);
    const preserve = mapAt(kept, "spec")["preserveUnknownFields"];
    return preserve === false ? withoutAt(kept, ["spec", "preserveUnknownFields"]) : kept;
  }
  if (isSecretObject(bare) && isMap(bare["stringData"]) && !hasUnknown(bare["stringData"])) return withData(bare);
  return bare;
}

function withData(secret: KubeObject): KubeObject {
  const encoded = Object.entries(mapAt(secret, "stringData")).map(([key, value]) => {
    // Anything but text is for the server to refuse.
    return [key, typeof value === "string" ? base64(value) : value] as const;
  });
  const data = { ...mapAt(secret, "data"), ...Object.fromEntries(encoded) };
  return { ...withoutAt(secret, ["stringData"]), data };
}

/**
 * What of `live` the inputs speak about: the server fills in much that nobody asked for.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/util.go, pruneMap
 */
export function pruned(live: Properties, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(live)
      .filter(([key]) => key in inputs)
      .map(([key, value]) => [key, prunedValue(value, inputs[key] ?? null)]),
  );
}

function prunedValue(live: PropertyValue, input: PropertyValue): PropertyValue {
  if (isMap(live) && isMap(input)) return pruned(live, input);
  if (!Array.isArray(live) || !Array.isArray(input)) return live;
  return input.slice(0, live.length).map((item, index) => prunedValue(live[index] ?? null, item));
}

/** Suffixes of quantities as factors. @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function quantity(value: PropertyValue): number | undefined {
  if (typeof value === "number") return value;
  const match =
    typeof value === "string" ? /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(|[numkMGTPE]|[KMGTPE]i)$/.exec(value) : null;
  const factor = SUFFIXES[match?.[2] ?? "?"];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

/** Maps whose values are quantities, and single ones. */
const QUANTITIES =
  /(^|\.)(limits|requests|capacity|hard|default|defaultRequest|min|max|overhead)\.|(^|\.)(sizeLimit|divisor|averageValue)$/;

/**
 * Inputs written as the server would write them, where that is what the server has: "1024Mi" becomes "1Gi" when it is
 * 1Gi there, and a `false`, `0`, `""`, `{}` or `[]` that it left out as empty is left out. Otherwise these would be
 * changes for ever. The official plugin converts through the Go types of Kubernetes; custom resources have none.
 */
export function asServerWrites(news: KubeObject, live: KubeObject): KubeObject {
  const rewritten = rewrite("", news, live, isBuiltIn(news));
  return isMap(rewritten) ? rewritten : news;
}

function rewrite(path: string, news: PropertyValue, live: PropertyValue, builtIn: boolean): PropertyValue {
  if (Array.isArray(news)) {
    return news.map((item, index) => {
      const there = Array.isArray(live) ? live[index] : undefined;
      return there === undefined ? item : rewrite(path, item, there, builtIn);
    });
  }
  if (isMap(news)) {
    const there = isMap(live) ? live : {};
    const kept = Object.entries(news).filter(([key, value]) => key in there || !builtIn || !isEmpty(value));
    return Object.fromEntries(
      kept.map(([key, value]) => {
        const inner = path === "" ? key : `${path}.${key}`;
        return [key, key in there ? rewrite(inner, value, there[key] ?? null, builtIn) : value];
      }),
    );
  }
  const [wanted, has] = [quantity(news), quantity(live)];
  const same = builtIn && QUANTITIES.test(path) && wanted !== undefined && has !== undefined && nearly(wanted, has);
  return same ? live : news;
}

/** Floating point: 0.1 and "100m" differ in the last bit. */
const nearly = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));

const isEmpty = (value: PropertyValue): boolean =>
  value === false || value === 0 || value === "" || isDeepStrictEqual(value, []) || isDeepStrictEqual(value, {});
