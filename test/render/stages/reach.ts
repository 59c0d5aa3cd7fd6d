/** Who reaches whom under NetworkPolicies, as Kubernetes defines it: read from the rendered objects alone. */
import { BlockList } from "node:net";
import type { Manifest } from "../../../render/manifest";

/** A pod, by what policies choose it by, or an address outside. */
export type End =
  { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } | { readonly address: string };

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface Spec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const matches = ({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

function within(cidr: string, address: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(address);
}

function chosen(peer: Peer, end: End, here: string): boolean {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return "address" in end && within(cidr, end.address) && !except.some((inner) => within(inner, end.address));
  }
  if ("address" in end) return false;
  const inNamespace =
    peer.namespaceSelector === undefined
      ? end.namespace === here
      : matches(peer.namespaceSelector, { "kubernetes.io/metadata.name": end.namespace });
  return inNamespace && (peer.podSelector === undefined || matches(peer.podSelector, end.labels));
}

/** One side's policies: all pass where no policy of that direction chooses the pod. */
function passes(
  policies: readonly Manifest[],
  pod: End,
  other: End,
  port: number,
  type: "Ingress" | "Egress",
): boolean {
  if ("address" in pod) return true;
  const specs = policies
    .filter(({ metadata }) => metadata.namespace === pod.namespace)
    .map((policy) => policy["spec"] as unknown as Spec)
    .filter(({ podSelector, policyTypes }) => matches(podSelector, pod.labels) && policyTypes.includes(type));
  if (specs.length === 0) return true;
  return specs
    .flatMap(({ ingress = [], egress = [] }) => (type === "Ingress" ? ingress : egress))
    .some(({ from, to, ports }) => {
      const peers = (type === "Ingress" ? from : to) ?? [];
      const byPeer = peers.length === 0 || peers.some((peer) => chosen(peer, other, pod.namespace));
      return byPeer && (ports === undefined || ports.some((one) => one.port === port && one.protocol === "TCP"));
    });
}

/** Whether a TCP connection is let through by both ends. */
export const reaches = (policies: readonly Manifest[], from: End, to: End, port: number): boolean =>
  passes(policies, from, to, port, "Egress") && passes(policies, to, from, port, "Ingress");
