/**
 * The way in from outside: two paths and no other, each an object of its own, so that a firewall can look at logins and
 * never at prompts.
 * @see https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
 * @see https://gateway-api.sigs.k8s.io/reference/spec/#httproutetimeouts
 */
import { MIB } from "../../catalog/units";
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames } from "../../plan/stages/names";
import { labelsOf, type Manifest } from "../manifest";
import { httpRoute, type RouteParent } from "./httpRoute";
import { sortKeys, type JsonObject } from "../text";

const service = objectNames.gateway;

/** One way in. */
interface Way {
  readonly name: string;
  readonly path: string;
  readonly exact: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

const nginx = "nginx.ingress.kubernetes.io";

const ways = ({ policy, wafAnnotations }: GatewayPlan): readonly [login: Way, api: Way] => [
  { name: `${service}-token`, path: "/token", exact: true, annotations: wafAnnotations },
  {
    name: `${service}-v1`,
    path: "/v1",
    exact: false,
    annotations: {
      [`${nginx}/proxy-body-size`]: `${Math.ceil(policy.limits.bodyBytes / MIB)}m`,
      // An answer comes as it is generated, and may be silent for long.
      [`${nginx}/proxy-buffering`]: "off",
      [`${nginx}/proxy-read-timeout`]: "3600",
      [`${nginx}/proxy-send-timeout`]: "3600",
    },
  },
];

const metadata = ({ namespace }: GatewayPlan, name: string, annotations: Way["annotations"]): Manifest["metadata"] => ({
  name,
  namespace,
  labels: labelsOf("gateway"),
  ...(Object.keys(annotations).length === 0 ? {} : { annotations: sortedTexts(annotations) }),
});

const sortedTexts = (texts: Way["annotations"]): Way["annotations"] =>
  Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));

function ingress(
  plan: GatewayPlan,
  way: Way,
  entry: { readonly class?: string; readonly tlsIssuer: string },
): Manifest {
  const { host } = plan;
  // One of the two asks for the certificate that both use: cert-manager lets a certificate belong to one object.
  const issuer = way.exact ? {} : { "cert-manager.io/cluster-issuer": entry.tlsIssuer };
  const path = {
    path: way.path,
    pathType: way.exact ? "Exact" : "Prefix",
    backend: { service: { name: service, port: { name: "http" } } },
  };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: metadata(plan, way.name, { ...way.annotations, [`${nginx}/ssl-redirect`]: "true", ...issuer }),
    spec: sortKeys({
      ...(entry.class === undefined ? {} : { ingressClassName: entry.class }),
      tls: [{ hosts: [host], secretName: `${service}-tls` }],
      rules: [{ host, http: { paths: [path] } }],
    }),
  };
}

function route(plan: GatewayPlan, way: Way, parent: RouteParent): Manifest {
  const rule: JsonObject = {
    matches: [{ path: { type: way.exact ? "Exact" : "PathPrefix", value: way.path } }],
    backendRefs: [{ name: service, port: 80 }],
    // "0s" is no bound: an answer takes as long as it is generated.
    timeouts: { request: way.exact ? "60s" : "0s" },
  };
  // Annotations of nginx mean nothing here; those of a firewall are for whoever reads them.
  return httpRoute(metadata(plan, way.name, way.exact ? way.annotations : {}), parent, plan.host, rule);
}

/** The objects of /token and of /v1. The gateway itself says that browsers shall come by TLS alone (HSTS). */
export function ingressManifests(plan: GatewayPlan): readonly [login: Manifest, api: Manifest] {
  const { ingress: entry } = plan;
  const make = (way: Way): Manifest =>
    entry.kind === "gatewayApi" ? route(plan, way, entry.parent) : ingress(plan, way, entry);
  const [login, api] = ways(plan);
  return [make(login), make(api)];
}
