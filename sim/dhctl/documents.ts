/** The configuration files as dhctl checks them: kinds, fields and the networks. */
import { overlap, parseNetwork } from "../../config/addresses";

/** One YAML document. */
export interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name: string };
  readonly spec?: {
    readonly enabled?: boolean;
    readonly version?: number;
    readonly settings?: {
      readonly registry?: Readonly<Record<string, { readonly license?: string } | undefined>>;
    };
  };
  readonly [field: string]: unknown;
}

interface Shape {
  readonly versions: readonly string[];
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const shapes: Readonly<Record<string, Shape>> = {
  ClusterConfiguration: {
    versions: ["deckhouse.io/v1"],
    required: ["clusterType", "podSubnetCIDR", "serviceSubnetCIDR", "kubernetesVersion", "clusterDomain"],
    optional: ["podSubnetNodeCIDRPrefix", "defaultCRI", "proxy", "encryptionAlgorithm"],
  },
  StaticClusterConfiguration: { versions: ["deckhouse.io/v1"], required: ["internalNetworkCIDRs"], optional: [] },
  InitConfiguration: { versions: ["deckhouse.io/v1"], required: ["deckhouse"], optional: [] },
  ModuleConfig: { versions: ["deckhouse.io/v1alpha1"], required: ["metadata", "spec"], optional: [] },
};

function documentFault(document: Document): string | undefined {
  const { kind, apiVersion } = document;
  const shape = shapes[kind];
  // Anything else is a resource, which is made at the end.
  if (shape === undefined) return kind === undefined ? "document has no kind" : undefined;
  if (!shape.versions.includes(apiVersion)) return `Schema for ${kind} in ${apiVersion} wasn't found`;
  const missing = shape.required.filter((field) => document[field] === undefined);
  if (missing.length > 0) return `Document validation failed: ${kind}: .${missing.join(", .")} is required`;
  const known = ["apiVersion", "kind", ...shape.required, ...shape.optional];
  const foreign = Object.keys(document).find((field) => !known.includes(field));
  if (foreign !== undefined) return `Document validation failed: ${kind}: .${foreign} is a forbidden property`;
  const { enabled, settings, version } = document.spec ?? {};
  if (kind !== "ModuleConfig") return undefined;
  if (settings !== undefined && version === undefined)
    return `ModuleConfig ${document.metadata?.name ?? ""}: spec.version is required with settings`;
  const name = document.metadata?.name;
  return enabled === undefined && name !== "global"
    ? `ModuleConfig ${name ?? ""}: spec.enabled is required`
    : undefined;
}

/** What dhctl says no to; undefined when it goes on. */
export function checkDocuments(documents: readonly Document[]): string | undefined {
  const fault = documents.map(documentFault).find((one) => one !== undefined);
  if (fault !== undefined) return fault;
  const cluster = documents.find(({ kind }) => kind === "ClusterConfiguration");
  if (cluster === undefined) return "ClusterConfiguration section is required in config file";
  const networks = [
    cluster["podSubnetCIDR"],
    cluster["serviceSubnetCIDR"],
    ...((documents.find(({ kind }) => kind === "StaticClusterConfiguration")?.["internalNetworkCIDRs"] as string[]) ??
      []),
  ].flatMap((text) => parseNetwork(String(text)) ?? []);
  const touching = networks.some((one, index) => networks.slice(0, index).some((other) => overlap(one, other)));
  return touching ? "preflight check cidr-intersection failed: networks intersect" : undefined;
}
