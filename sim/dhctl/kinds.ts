/** Kinds that the simulated API knows: which module brings them, and what it asks of an object. */
import type { StoredObject, World } from "./world";

interface Kind {
  readonly versions: readonly string[];
  /** Module that has to be on; none for what is always there. */
  readonly module?: string;
  /** Paths that must be there. */
  readonly required: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  ModuleConfig: { versions: ["deckhouse.io/v1alpha1"], required: ["spec"] },
  NodeGroup: { versions: ["deckhouse.io/v1"], required: ["spec.nodeType"] },
  NodeGroupConfiguration: {
    versions: ["deckhouse.io/v1alpha1"],
    required: ["spec.content", "spec.nodeGroups", "spec.bundles"],
  },
  SSHCredentials: {
    versions: ["deckhouse.io/v1alpha1", "deckhouse.io/v1alpha2"],
    required: ["spec.user", "spec.privateSSHKey"],
  },
  StaticInstance: {
    versions: ["deckhouse.io/v1alpha1", "deckhouse.io/v1alpha2"],
    required: ["spec.address", "spec.credentialsRef.kind", "spec.credentialsRef.name"],
  },
  LocalPathProvisioner: { versions: ["deckhouse.io/v1alpha1"], required: ["spec.path"] },
  CephClusterConnection: {
    versions: ["storage.deckhouse.io/v1alpha1"],
    module: "csi-ceph",
    required: ["spec.clusterID", "spec.monitors", "spec.userID", "spec.userKey"],
  },
  CephStorageClass: {
    versions: ["storage.deckhouse.io/v1alpha1"],
    module: "csi-ceph",
    required: ["spec.clusterConnectionName", "spec.reclaimPolicy", "spec.type"],
  },
  MetalLoadBalancerClass: {
    versions: ["network.deckhouse.io/v1alpha1"],
    module: "metallb",
    required: ["spec.addressPool", "spec.type"],
  },
  IngressNginxController: {
    versions: ["deckhouse.io/v1"],
    module: "ingress-nginx",
    required: ["spec.ingressClass", "spec.inlet"],
  },
  User: { versions: ["deckhouse.io/v1"], module: "user-authn", required: ["spec.email", "spec.password"] },
  ClusterAuthorizationRule: { versions: ["deckhouse.io/v1"], required: ["spec.subjects"] },
  ClusterIssuer: { versions: ["cert-manager.io/v1"], module: "cert-manager", required: ["spec"] },
  Certificate: { versions: ["cert-manager.io/v1"], module: "cert-manager", required: ["spec"] },
  Secret: { versions: ["v1"], module: "cert-manager", required: [] },
};

const at = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
      value,
    );

/** Name of a kind as kubectl takes it: in any case, singular or plural. */
export function kindOf(word: string): string | undefined {
  const bare = word.toLowerCase().replace(/s$/, "");
  return Object.keys(kinds).find((kind) => kind.toLowerCase().replace(/s$/, "") === bare);
}

function customKeys(world: World): readonly string[] {
  const keys = at(world.objects["ModuleConfig/global"], "spec.settings.modules.placement.customTolerationKeys");
  return Array.isArray(keys) ? (keys as string[]) : [];
}

/** What the admission webhook of node-manager says of a NodeGroup. @see modules/040-node-manager, node_group webhook */
function nodeGroupFault(object: StoredObject, world: World): string | undefined {
  const taints = at(object, "spec.nodeTemplate.taints");
  const keys = Array.isArray(taints) ? taints.map((taint: unknown) => String(at(taint, "key"))) : [];
  const missing = keys.filter((key) => !customKeys(world).includes(key));
  if (missing.length > 0) {
    return `Error from server: admission webhook denied the request: it is forbidden to create a NodeGroup resource with taints not specified in ModuleConfig "global" in the array .spec.settings.modules.placement.customTolerationKeys, add: ${missing.join(", ")} to customTolerationKeys`;
  }
  const before = at(world.objects[`NodeGroup/${object.metadata.name}`], "spec.staticInstances.labelSelector");
  const after = at(object, "spec.staticInstances.labelSelector");
  return before !== undefined && JSON.stringify(before) !== JSON.stringify(after)
    ? `The NodeGroup "${object.metadata.name}" is invalid: spec.staticInstances.labelSelector: Invalid value: field is immutable`
    : undefined;
}

/** Why the API does not take an object; undefined when it does. */
export function refusal(object: StoredObject, world: World): string | undefined {
  const kind = kinds[object.kind];
  const unknown = `error: resource mapping not found for name: "${object.metadata.name}" namespace: "" from "STDIN": no matches for kind "${object.kind}" in version "${object.apiVersion}"`;
  if (kind === undefined || !kind.versions.includes(object.apiVersion)) return unknown;
  const enabled = (module: string): boolean => at(world.objects[`ModuleConfig/${module}`], "spec.enabled") === true;
  if (kind.module !== undefined && !enabled(kind.module)) {
    return object.kind === "Secret"
      ? `Error from server (NotFound): namespaces "${object.metadata.namespace ?? ""}" not found`
      : unknown;
  }
  const missing = kind.required.find((path) => at(object, path) === undefined);
  if (missing !== undefined) {
    return `The ${object.kind} "${object.metadata.name}" is invalid: ${missing}: Required value`;
  }
  return object.kind === "NodeGroup" ? nodeGroupFault(object, world) : undefined;
}
