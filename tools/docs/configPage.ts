/** docs/config.md: every key of a stack, from the schema and its comments. */
import { join, resolve } from "node:path";
import * as z from "zod";
import { namespace, platformKinds, requiredSecrets, stacks, type PlatformKind } from "../../config/schema";
import { table } from "./comments";
import { anyKey, schemaComments, type Commented } from "./schemaComments";

const root = resolve(__dirname, "../..");
const schemaFile = join(root, "config/schema.ts");
const schemaNames = {
  local: "localStackSchema",
  proxmox: "proxmoxStackSchema",
  existing: "existingStackSchema",
} as const;
const secretsFile = join(root, "config/schema/secrets.ts");
const secretNames = {
  local: "secretsSchema",
  proxmox: "proxmoxSecretsSchema",
  existing: "existingSecretsSchema",
} as const;

/** A key of a group: what it is, and what is inside. */
interface Key {
  readonly name: string;
  readonly comment: string;
  readonly needed: string;
  readonly fallback: string;
  readonly groups: readonly Group[];
}

/** A group of keys with its place in a stack file. */
interface Group {
  readonly path: string;
  readonly keys: readonly Key[];
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** The schema behind what says whether it may be left out. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return bare(schema.def.innerType);
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

/** What is accepted, in the words of the fault that says so. */
function acceptedBy(schema: z.core.$ZodType): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodLiteral) return [...inner.values].map((value) => `\`${String(value)}\``).join(", ");
  return z.safeParse(schema, Symbol("none")).error?.issues[0]?.message ?? "";
}

const code = (value: unknown): string => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

/** What holds where the key is not written. */
function fallbackOf(schema: z.core.$ZodType, { fallback }: Partial<Commented>): string {
  if (!z.safeParse(schema, undefined).success) return "**needed**";
  if (fallback !== undefined) return fallback.replace(/^"([^"]*)"/, "`$1`");
  if (schema instanceof z.ZodDefault) {
    const value: unknown = schema.def.defaultValue;
    return typeof value === "object" ? "none" : code(value);
  }
  return schema instanceof z.ZodPrefault ? "its defaults" : "not set";
}

/** The groups inside a key: entries of a list, members of a choice. */
function groupsIn(schema: z.core.$ZodType, path: string, comments: Commented | undefined): readonly Group[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) return groupsIn(inner.def.element, `${path}[]`, comments);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const key = inner.def.discriminator;
    return inner.def.options.flatMap((option, index) => {
      const group = bare(option);
      if (!(group instanceof z.ZodObject)) return [];
      const shape: Shape = group.shape;
      const word = shape[key];
      const value = word === undefined ? "" : acceptedBy(word).replace(/`/g, "");
      return [groupOf(group, `${path} with ${key}: ${value}`, comments?.inner()[index])];
    });
  }
  return inner instanceof z.ZodObject ? [groupOf(inner, path, comments?.inner()[0])] : [];
}

const pathOf = (group: string, key: string): string => `${group.replace(/ with .*/, "")}.${key}`;

function groupOf(schema: z.ZodObject, path: string, comments: ReadonlyMap<string, Commented> | undefined): Group {
  const shape: Shape = schema.shape;
  const any = comments?.get(anyKey);
  const [[first, one] = ["", undefined]] = Object.entries(shape);
  if (any !== undefined && one !== undefined) {
    // One row for names that are a list of the catalogue's.
    const names = Object.keys(shape).map((name) => `\`${name}\``);
    const comment = `One of ${names.join(", ")}.`;
    return { path, keys: [{ ...keyOf("<name>", shape[first] ?? one, `${path}.<name>`, any), comment }] };
  }
  const keys = Object.entries(shape);
  return { path, keys: keys.map(([name, value]) => keyOf(name, value, pathOf(path, name), comments?.get(name))) };
}

function keyOf(name: string, schema: z.core.$ZodType, path: string, comment: Commented | undefined): Key {
  const groups = groupsIn(schema, path, comment);
  return {
    name,
    comment: comment?.text ?? "",
    needed: acceptedBy(schema),
    fallback: fallbackOf(schema, comment ?? {}),
    groups,
  };
}

/** Every group of a key, itself first, then what is inside in the order of its keys. */
const allGroups = (groups: readonly Group[]): readonly Group[] =>
  groups.flatMap((group) => [group, ...group.keys.flatMap((key) => allGroups(key.groups))]);

const rowOf = ({ name, comment, needed, fallback, groups }: Key): readonly string[] => [
  `\`${name}\``,
  groups.length === 0
    ? needed
    : groups.every(({ path }) => /\[\](?: with .*)?$/.test(path))
      ? "a list, each as below"
      : "a group, below",
  fallback,
  comment,
];

const heading = (path: string): string => path.replace(/ with (\w+): (\S+)$/, "` with `$1: $2");

const sectionOf = ({ path, keys }: Group, depth: string): string =>
  `${depth} \`${heading(path)}\`\n\n${table(["key", "value", "when not written", "what it is"], keys.map(rowOf))}`;

const kindNames: Readonly<Record<PlatformKind, string>> = {
  local: "on this machine",
  proxmox: "on Proxmox",
  existing: "on an existing cluster",
};

interface Section {
  readonly key: Key;
  readonly kinds: readonly PlatformKind[];
}

/** Keys of all kinds; the same key is one where it is the same under several. */
function sections(): readonly Section[] {
  const found: { key: Key; kinds: PlatformKind[] }[] = [];
  for (const kind of platformKinds) {
    const comments = schemaComments(schemaFile, schemaNames[kind]);
    const shape: Shape = stacks[kind].schema.shape;
    for (const [name, schema] of Object.entries(shape)) {
      const key = keyOf(name, schema, name, comments.get(name));
      const same = found.find((one) => JSON.stringify(one.key) === JSON.stringify(key));
      if (same === undefined) found.push({ key, kinds: [kind] });
      else same.kinds.push(kind);
    }
  }
  return found;
}

const topText = ({ key, kinds }: Section): string => {
  const title = `## \`${key.name}\` ${kinds.map((kind) => kindNames[kind]).join(" and ")}`;
  const [first, ...more] = allGroups(key.groups);
  const body =
    first === undefined
      ? []
      : [
          first.path === key.name
            ? table(["key", "value", "when not written", "what it is"], first.keys.map(rowOf))
            : sectionOf(first, "###"),
        ];
  const said = [key.comment, key.fallback === "**needed**" ? "Has to be there." : ""]
    .filter((text) => text !== "")
    .join(" ");
  return [title, said, ...body, ...more.map((group) => sectionOf(group, "###"))]
    .filter((text) => text !== "")
    .join("\n\n");
};

/** Which kinds have a key, and which cannot do without. */
function overview(all: readonly Section[]): string {
  const names = [...new Set(all.map(({ key }) => key.name))];
  const word = (name: string, kind: PlatformKind): string => {
    const one = all.find(({ key, kinds }) => key.name === name && kinds.includes(kind));
    return one === undefined ? "" : one.key.fallback === "**needed**" ? "**needed**" : "optional";
  };
  const rows = names.map((name) => [`\`${name}\``, ...platformKinds.map((kind) => word(name, kind))]);
  return table(["key", ...platformKinds.map((kind) => `kind \`${kind}\``)], rows);
}

/** Comments of the secrets of all kinds. */
const secretComments = (): readonly (readonly [string, Commented])[] => [
  ...new Map(platformKinds.flatMap((kind) => [...schemaComments(secretsFile, secretNames[kind])])),
];

function secretsTable(): string {
  const keys = secretComments();
  const word = (name: string, kind: PlatformKind): string =>
    !(name in stacks[kind].secrets.shape) ? "" : requiredSecrets(kind).includes(name) ? "**needed**" : "optional";
  const rows = keys.map(([name, { text }]) => [`\`${name}\``, ...platformKinds.map((kind) => word(name, kind)), text]);
  return table(["secret", ...platformKinds.map((kind) => `kind \`${kind}\``), "what it is"], rows);
}

const intro = `# Stack configuration

<!-- Generated by \`npm run docs\` from config/schema.ts and its comments: change those. -->

Every key that \`Pulumi.<stack>.yaml\` may have under \`config:\`, each with \`${namespace}:\` before it. Keys that are not here are refused, with
the nearest one that is; all faults are told at once. \`npm run plan -- --stack <stack>\` reads a file without credentials. The
committed stacks are examples: \`Pulumi.homelab.yaml\`, \`Pulumi.a100.yaml\`, \`Pulumi.qwen3-235b.yaml\`, \`Pulumi.local.yaml\`.

What \`platform.kind\` says decides which keys there are:`;

/** Paths of keys without a description. */
export const undescribed = (): readonly string[] => [
  ...secretComments().flatMap(([name, { text }]) => (text === "" ? [name] : [])),
  ...sections().flatMap(({ key }) => [
    ...(key.comment === "" ? [key.name] : []),
    ...allGroups(key.groups).flatMap(({ path, keys }) =>
      keys.filter(({ comment }) => comment === "").map(({ name }) => `${path}.${name}`),
    ),
  ]),
];

/** The page. */
export function configPage(): string {
  const all = sections();
  const secrets = `## Secrets\n\nSet each with \`pulumi config set --secret ${namespace}:<name>\`. One in plain text is refused.\n\n${secretsTable()}`;
  return `${[intro, overview(all), ...all.map(topText), secrets].join("\n\n")}\n`;
}
