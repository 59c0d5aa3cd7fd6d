/** How people and clients come in from outside: what the gateway and the chat page share. */
import type { ClusterProfile } from "../../config/schema";

/** How clients come in. */
export type IngressPlan =
  | { readonly kind: "ingress"; readonly class?: string; readonly tlsIssuer: string }
  /** Attached to a Gateway that has the certificate. */
  | {
      readonly kind: "gatewayApi";
      readonly parent: { readonly name: string; readonly namespace: string; readonly listener?: string };
    };

/** Who takes the requests, where the stack does not say. */
export const ingressKind = ({ platform, ingress }: ClusterProfile): "ingressNginx" | "deckhouse" | "gatewayApi" =>
  ingress.kind ?? (platform.kind === "proxmox" ? "deckhouse" : "ingressNginx");

/** What one of the two says of its own way in; what is undefined is `ingress`'s. */
export interface OwnEntry {
  readonly class?: string | undefined;
  readonly tlsIssuer?: string | undefined;
  readonly listener?: string | undefined;
}

/** Plans one way in. @returns names that are empty where the stack lacks them: faults tell of those */
export function planEntry(
  profile: ClusterProfile,
  { class: ingressClass, tlsIssuer = "", listener: own }: OwnEntry,
): IngressPlan {
  const { gateway = { name: "", namespace: "" } } = profile.ingress;
  if (ingressKind(profile) === "gatewayApi") {
    const { name, namespace, listener } = { ...gateway, ...(own === undefined ? {} : { listener: own }) };
    return { kind: "gatewayApi", parent: { name, namespace, ...(listener === undefined ? {} : { listener }) } };
  }
  return { kind: "ingress", ...(ingressClass === undefined ? {} : { class: ingressClass }), tlsIssuer };
}

/** A ClusterIssuer is cert-manager's. With a Gateway that has its own certificate there may be none. */
export const hasCertManager = ({ ingress }: ClusterProfile): boolean =>
  ingress.kind !== "gatewayApi" || ingress.tlsIssuer !== undefined;
