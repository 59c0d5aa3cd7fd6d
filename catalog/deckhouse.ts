/** Deckhouse: what of it a stack may name. */

/** Modules that a stack may switch. */
export const moduleNames = [
  "cert-manager",
  "cni-cilium",
  "console",
  "csi-ceph",
  "deckhouse",
  "global",
  "ingress-nginx",
  "metallb",
  "multitenancy-manager",
  "operator-trivy",
  "runtime-audit-engine",
  "user-authn",
] as const;
/** Name of a module. */
export type ModuleName = (typeof moduleNames)[number];

/** What a user may do in the whole cluster, from least to most. @see https://deckhouse.io/modules/user-authz/ */
export const accessLevels = [
  "User",
  "PrivilegedUser",
  "Editor",
  "Admin",
  "ClusterEditor",
  "ClusterAdmin",
  "SuperAdmin",
] as const;
/** One of them. */
export type AccessLevel = (typeof accessLevels)[number];

/** ClusterIssuers of Deckhouse's module cert-manager. @see deckhouse modules/101-cert-manager/docs/FAQ.md */
export const ownIssuers: readonly string[] = [
  "letsencrypt",
  "letsencrypt-staging",
  "selfsigned",
  "selfsigned-no-trust",
];

/**
 * NVIDIA's container toolkit as packages of Debian and Ubuntu: the version that GPU Operator v26.7.0 brings, and the
 * fingerprint of the key that signs the repository.
 * @see https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html
 */
export const nvidiaToolkit = {
  version: "1.20.0-1",
  repository: "https://nvidia.github.io/libnvidia-container",
  keyFingerprint: "C95B321B61E88C1809C4F759DDCAE044F796ECB0",
} as const;
