/** A host's way in by the Gateway API. @see https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec */
import type { IngressPlan } from "../../plan/stages/ingress";
import type { Manifest } from "../manifest";
import type { JsonObject } from "../text";

/** The Gateway that a route is attached to. */
export type RouteParent = Extract<IngressPlan, { readonly kind: "gatewayApi" }>["parent"];

/** A route of one host with one rule. */
export function httpRoute(
  metadata: Manifest["metadata"],
  { listener: sectionName, ...gateway }: RouteParent,
  host: string,
  rule: JsonObject,
): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata,
    spec: {
      parentRefs: [{ ...gateway, ...(sectionName === undefined ? {} : { sectionName }) }],
      hostnames: [host],
      rules: [rule],
    },
  };
}
