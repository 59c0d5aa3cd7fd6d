/** Ingress controllers, each behind addresses of its own from MetalLB. */
import { tolerationsOn } from "../../plan/deckhouse/groups";
import { clusterObject, type ClusterObject } from "./objects";
import type { DeckhouseInput, DeckhousePool, IngressController } from "../../plan/deckhouse/types";

const loadBalancerClass = (one: IngressController, module: string | undefined): ClusterObject =>
  clusterObject({
    apiVersion: "network.deckhouse.io/v1alpha1",
    kind: "MetalLoadBalancerClass",
    name: one.name,
    fields: { spec: { addressPool: [one.addresses], isDefault: false, nodeSelector: one.nodeSelector, type: "L2" } },
    after: [module],
  });

function controller(
  one: IngressController,
  pools: readonly DeckhousePool[],
  module: string | undefined,
): ClusterObject {
  const tolerations = tolerationsOn(pools, [one]);
  return clusterObject({
    apiVersion: "deckhouse.io/v1",
    kind: "IngressNginxController",
    name: one.name,
    fields: {
      spec: {
        ingressClass: one.ingressClass,
        inlet: "LoadBalancer",
        loadBalancer: {
          loadBalancerClass: one.name,
          ...(one.address === undefined ? {} : { annotations: { "metallb.universe.tf/loadBalancerIPs": one.address } }),
        },
        maxReplicas: one.replicas ?? 2,
        nodeSelector: one.nodeSelector,
        ...(tolerations.length === 0 ? {} : { tolerations }),
      },
    },
    after: [module, `MetalLoadBalancerClass/${one.name}`],
  });
}

/** All of a stack's controllers. @param modules ids of the ModuleConfigs of metallb and ingress-nginx */
export const ingressObjects = (
  { ingress = [], pools }: DeckhouseInput,
  modules: { readonly metallb: string | undefined; readonly ingress: string | undefined },
): readonly ClusterObject[] => [
  ...ingress.map((one) => loadBalancerClass(one, modules.metallb)),
  ...ingress.map((one) => controller(one, pools, modules.ingress)),
];
