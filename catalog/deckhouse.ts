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
