/** What the installer needs to know of the cluster. */
import type { JsonObject } from "../text";
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

/** `ClusterConfiguration`: all but `kubernetesVersion` and `defaultCRI` stays as it is for the cluster's life. */
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
