/** Objects of the cluster, and how a secret stands in them. */
import { sortKeys, toYaml, type Json, type JsonObject } from "../text";

/** One object that is kept in the cluster. */
export interface ClusterObject {
  /** "<kind>/<name>": unique. */
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** With sorted keys. */
  readonly manifest: JsonObject;
  /** Ids of the objects without which the cluster refuses it, or which it would have to wait for. */
  readonly after: readonly string[];
  /** Stays when it is no longer wanted: Deckhouse made it itself, or does not run without it. */
  readonly keep: boolean;
}

/** What an object has besides its kind and name. */
export interface Body {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Fields beside `metadata`: `spec` and the like. */
  readonly fields: JsonObject;
  readonly after?: readonly (string | undefined)[];
  /** @default false */
  readonly keep?: boolean;
}

/** Makes an object; edges to what is undefined are left out. */
export function clusterObject({
  apiVersion,
  kind,
  name,
  namespace,
  labels,
  fields,
  after = [],
  keep = false,
}: Body): ClusterObject {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return {
    id: `${kind}/${name}`,
    kind,
    name,
    manifest: sortKeys({ apiVersion, kind, metadata, ...fields }),
    after: after.filter((id) => id !== undefined),
    keep,
  };
}

/**
 * Stands where a secret belongs, until a script puts the secret in: rendered text can be shown in a preview as it is. The
 * blank after the colon is there so that YAML has to quote it, and the secret lands between quotes.
 */
export const secretRef = (name: string): string => `\${secret: ${name}}`;

const references = /\$\{secret: ([\w.-]+)\}/g;

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((inner: Json) => textsOf(inner));
}

/** Names of the secrets that stand in some data, sorted, each once. */
export function secretsIn(value: Json): readonly string[] {
  const names = textsOf(value).flatMap((text) => [...text.matchAll(references)].map(([, name = ""]) => name));
  return [...new Set(names)].sort();
}

/** Several YAML documents in one text. */
export const toDocuments = (documents: readonly JsonObject[]): string => documents.map(toYaml).join("---\n");
