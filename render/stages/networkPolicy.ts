/** The list of arrows as NetworkPolicies: every namespace closed, and one policy for each kind of pod. */
import type { Arrow, ArrowsPlan, Party } from "../../plan/stages/arrows";
import { partOf, type Component } from "../../plan/stages/names";
import type { Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";

const componentLabel = (component: Component): JsonObject => ({ "app.kubernetes.io/component": component });
const inNamespace = (name: string): JsonObject => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

/** Name resolution, wherever the cluster has it. */
const dns: JsonObject = {
  to: [{ namespaceSelector: {} }],
  ports: [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ],
};

function peer(party: Party, homes: ArrowsPlan["homes"], here: string): JsonObject | undefined {
  if ("anyPod" in party) return { namespaceSelector: {} };
  if ("namespace" in party) return { namespaceSelector: inNamespace(party.namespace) };
  if ("addresses" in party) {
    const { addresses: cidr, except } = party;
    return { ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) } };
  }
  const home = homes[party.component];
  if (home === undefined) return undefined;
  const podSelector = { matchLabels: componentLabel(party.component) };
  return home === here ? { podSelector } : { namespaceSelector: inNamespace(home), podSelector };
}

const portList = ({ ports }: Arrow): JsonObject =>
  ports.length === 0 ? {} : { ports: ports.map((port) => ({ port, protocol: "TCP" })) };

const isPod = (party: Party, component: Component): boolean => "component" in party && party.component === component;

function policy(namespace: string, name: string, spec: JsonObject): Manifest {
  const labels = { "app.kubernetes.io/part-of": partOf };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace, labels }, spec };
}

function componentPolicy(component: Component, here: string, { arrows, homes }: ArrowsPlan): Manifest {
  const ingress = arrows.flatMap((arrow) => {
    const from = isPod(arrow.to, component) ? peer(arrow.from, homes, here) : undefined;
    return from === undefined ? [] : [{ from: [from], ...portList(arrow) }];
  });
  const egress = arrows.flatMap((arrow) => {
    const to = isPod(arrow.from, component) ? peer(arrow.to, homes, here) : undefined;
    return to === undefined ? [] : [{ to: [to], ...portList(arrow) }];
  });
  return policy(
    here,
    component,
    sortKeys({
      podSelector: { matchLabels: componentLabel(component) },
      policyTypes: ["Ingress", "Egress"],
      ingress,
      egress: [dns, ...egress],
    }),
  );
}

/**
 * The policies of all namespaces of ours. Only a network plugin that enforces them (Cilium, Calico ..) makes them true.
 * Addresses of nodes are not pods: what the kubelet probes is let in by every such plugin.
 */
export function networkPolicies(plan: ArrowsPlan): readonly Manifest[] {
  const homes = Object.entries(plan.homes) as [Component, string][];
  const closed = [...new Set(homes.map(([, namespace]) => namespace))].map((namespace) =>
    policy(namespace, "closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
  );
  return [...closed, ...homes.map(([component, namespace]) => componentPolicy(component, namespace, plan))];
}

/** Those of one namespace, for whoever makes it. */
export const policiesOf = (plan: ArrowsPlan, namespace: string): readonly Manifest[] =>
  networkPolicies(plan).filter(({ metadata }) => metadata.namespace === namespace);
