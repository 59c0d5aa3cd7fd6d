/** Stacks that are nearly right: what fast-check changes in a good one. */
import fc from "fast-check";
import * as z from "zod";
import { gpuModels } from "../../catalog/gpus";
import { secretKeys, stacks, type PlatformKind } from "../../config/schema";

export const canary = "CANARY";

type Path = readonly (string | number)[];
/** One change of a stack. */
export type Mutation = (stack: unknown) => unknown;

const keyword = z.object({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  oneOf: z.array(z.unknown()).optional(),
});
/** As much of JSON Schema as our own schema becomes. */
type Keyword = z.output<typeof keyword>;

/** A key that a stack may have, and what it takes. */
interface Spot {
  readonly path: Path;
  readonly schema: Keyword;
}

function spotsIn(raw: unknown, path: Path): readonly Spot[] {
  const schema = keyword.parse(raw ?? {});
  const inner = [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => spotsIn(value, [...path, key])),
    ...(schema.items === undefined ? [] : [0, 1].flatMap((index) => spotsIn(schema.items, [...path, index]))),
    ...(schema.oneOf ?? []).flatMap((one) => spotsIn(one, path)),
  ];
  return path.length === 0 ? inner : [{ path, schema }, ...inner];
}

/** Texts that some key takes. */
const words: readonly string[] = [
  ...gpuModels.map(({ id }) => id),
  ...["pve1", "pve2", "gpu", "gpu0", "gpu1", "master", "w-gpu", "worker", "none", "auto", "true", "0", "-1", "1e9"],
  ...["192.168.2.1", "192.168.2.0/23", "10.111.0.0/16", "0.0.0.0/0", "192.168.2.60-192.168.2.99", "999.1.1.1"],
  ...["0000:01:00.0", "0000:01:00.1", "1:00.0", "llm.lan", "%s.k8s.lan", "cephfs", "dedicated.my.org", "a@my.org"],
  ...["Qwen/Qwen3-8B", "Qwen/Qwen3-235B-A22B-Instruct-2507", "openai/gpt-oss-120b", "org/unknown", "./llama"],
  ...["https://pve1.lan:8006", "http://x", "s3://bucket/adapters", "/data/models", "../../etc/passwd", "24GiB"],
  ...["", " ", "\u0000", "a\nb", "ü".repeat(300), "x".repeat(10_000), "__proto__", "constructor", "$(id)", "{{ .x }}"],
];

const anything = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
  fc.constantFrom<unknown>(0, -1, 1e300, Number.NaN, "", [], {}, null, undefined, true, ...words),
);

/** What a number just may be, and just may not. */
const edges = (at: number | undefined): readonly number[] =>
  at === undefined ? [] : [at, at, at, at - 1, at + 1, at / 2];

/** What a key takes, and what it just does not take. */
function valueOf({ type, minimum, maximum, items, properties, ...schema }: Keyword): fc.Arbitrary<unknown> {
  const known: readonly unknown[] = [...(schema.enum ?? []), schema.const, schema.default];
  const fixed = [...known, ...edges(minimum), ...edges(maximum)].filter((value) => value !== undefined);
  const some = fixed.length === 0 ? [] : [fc.constantFrom(...fixed)];
  switch (type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.oneof(...some, fc.integer({ min: minimum ?? 0, max: maximum ?? 100 }));
    case "array": {
      const one = valueOf(keyword.parse(items ?? {}));
      const many = fc.tuple(one, fc.constantFrom(20, 100)).map(([value, count]) => Array<unknown>(count).fill(value));
      return fc.oneof({ weight: 9, arbitrary: fc.array(one, { maxLength: 3 }) }, { weight: 1, arbitrary: many });
    }
    case "object": {
      const keys = Object.entries(properties ?? {}).map(
        ([key, value]) => [key, valueOf(keyword.parse(value))] as const,
      );
      return fc.record(Object.fromEntries(keys), { requiredKeys: [] });
    }
    default:
      return fc.oneof(...some, fc.constantFrom<unknown>(...words), anything);
  }
}

/** A copy of `root` with what is at `path` made anew, as far as the path can be walked; own properties only. */
function changeAt(root: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return change(root);
  if (Array.isArray(root)) {
    const copy: unknown[] = [...(root as unknown[])];
    if (typeof head === "number") copy[head] = changeAt(copy[head], rest, change);
    return copy;
  }
  if (root === undefined && rest.length > 0) return changeAt(typeof head === "number" ? [] : {}, path, change);
  if (typeof root !== "object" || root === null) return change(root);
  const old = Object.getOwnPropertyDescriptor(root, head)?.value as unknown;
  const entries = Object.entries(root).filter(([name]) => name !== String(head));
  return Object.fromEntries([...entries, [String(head), changeAt(old, rest, change)]]);
}

const set =
  (path: Path, value: unknown): Mutation =>
  (stack) =>
    changeAt(stack, path, () => value);

/** A key with two letters changed places, as people mistype it. */
const mistyped = (path: Path): Mutation => {
  const key = String(path.at(-1));
  const wrong = key.slice(0, 1) + key.slice(2, 3) + key.slice(1, 2) + key.slice(3);
  return set([...path.slice(0, -1), wrong], 1);
};

/** What is in a list, twice or many times. */
const repeated =
  (path: Path, times: number): Mutation =>
  (stack) =>
    changeAt(stack, path, (old) => (Array.isArray(old) ? Array<unknown[]>(times).fill(old).flat() : old));

/** A secret that is none, and shows itself where a fault quotes it. */
const secretShapes: readonly unknown[] = [
  canary,
  [canary],
  { [canary]: canary },
  [[canary]],
  `-----BEGIN PRIVATE KEY-----\n${canary}`,
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${canary}\n-----END OPENSSH PRIVATE KEY-----\n`,
  `root@pam!${canary}=12345678-1234-1234-1234-123456789abc`,
  `{"${canary}":"${canary}"}`,
  `{ "${canary}`,
  JSON.stringify([{ name: canary, passwordHash: canary, scopes: [canary], models: canary, [canary]: canary }]),
  `clusters: [${canary}`,
];

/** One change of a stack of some kind. */
export function mutationOf(kind: PlatformKind): fc.Arbitrary<Mutation> {
  const schema = z.toJSONSchema(stacks[kind].schema, { io: "input", unrepresentable: "any" });
  const spots = spotsIn(schema, []);
  const lists = spots.filter(({ schema: { type } }) => type === "array").map(({ path }) => path);
  const paths = fc.constantFrom(...spots.map(({ path }) => path));
  const fits = fc.oneof(...spots.map(({ path, schema: one }) => valueOf(one).map((value) => set(path, value))));
  const secret = fc.constantFrom(...secretKeys);
  return fc.oneof(
    { weight: 12, arbitrary: fits },
    { weight: 3, arbitrary: fc.tuple(paths, anything).map(([path, value]) => set(path, value)) },
    { weight: 2, arbitrary: paths.map((path) => set(path, undefined)) },
    { weight: 1, arbitrary: paths.map(mistyped) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), anything).map(([p, v]) => set(p, v)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...lists), fc.constantFrom(2, 30)).map(([p, n]) => repeated(p, n)),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(secret, fc.constantFrom(...secretShapes)).map(([key, shape]) => set([key], shape)),
    },
  );
}
