/** What the installer needs to know of the cluster. */
import { toYaml, type JsonObject } from "../text";
import type { DeckhouseInput, Proxy } from "../../plan/deckhouse/types";

/**
 * Nodes get a /24 of the pods' network each: up to 254 pods a node.
 * @see https://deckhouse.io/products/kubernetes-platform/documentation/v1/installing/configuration.html
 */
const podSubnetNodePrefix = "24";

const proxySettings = ({ httpProxy, httpsProxy, noProxy }: Proxy): JsonObject => ({
  ...(httpProxy === undefined ? {} : { httpProxy }),
  ...(httpsProxy === undefined ? {} : { httpsProxy }),
  noProxy,
});

/** What may change in a cluster's life, and what may not, by the names that the stage `version` has for them. */
export function daySettings({ cluster }: DeckhouseInput): Readonly<Record<string, string>> {
  return {
    kubernetes_version: cluster.kubernetesVersion,
    default_cri: cluster.defaultCri,
    proxy: cluster.proxy === undefined ? "" : toYaml(proxySettings(cluster.proxy)),
    pod_subnet: cluster.podSubnetCIDR,
    service_subnet: cluster.serviceSubnetCIDR,
    cluster_domain: cluster.clusterDomain,
  };
}

/** `ClusterConfiguration`. @see daySettings */
export function clusterConfiguration({ cluster }: DeckhouseInput): JsonObject {
  const { podSubnetCIDR, serviceSubnetCIDR, kubernetesVersion, clusterDomain, defaultCri, proxy } = cluster;
  return {
    apiVersion: "deckhouse.io/v1",
    kind: "ClusterConfiguration",
    clusterType: "Static",
    podSubnetCIDR,
    podSubnetNodeCIDRPrefix: podSubnetNodePrefix,
    serviceSubnetCIDR,
    kubernetesVersion,
    clusterDomain,
    defaultCRI: defaultCri,
    ...(proxy === undefined ? {} : { proxy: proxySettings(proxy) }),
  };
}

/** `StaticClusterConfiguration`: by which of its networks a node talks to the others. */
export const staticClusterConfiguration = ({ nodeNetworks }: DeckhouseInput): JsonObject => ({
  apiVersion: "deckhouse.io/v1",
  kind: "StaticClusterConfiguration",
  internalNetworkCIDRs: nodeNetworks,
});
