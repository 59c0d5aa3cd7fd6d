/** What a gateway cannot be, and what its owner should know. */
import type { Fault } from "../../config/errors";
import type { ClusterProfile } from "../../config/schema";
import type { GatewayPlan } from "./gateway";
import { ingressKind } from "./ingress";

function roleFaults({ gateway: { roles, peopleRole } }: ClusterProfile): readonly Fault[] {
  const names = roles.map(({ name }) => name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: `gateway.roles[${index}].name`,
            found: `${name}, the name of an earlier role`,
            needed: "each name once",
            fix: "rename or remove one of the two",
          },
        ],
  );
  if (peopleRole === undefined || names.includes(peopleRole)) return twice;
  const fix = "correct it, or add the role";
  return [...twice, { path: "gateway.peopleRole", found: peopleRole, needed: "the name of one of gateway.roles", fix }];
}

function ingressFaults(profile: ClusterProfile): readonly Fault[] {
  const { gateway, class: ingressClass } = profile.ingress;
  const path = "ingress.gateway";
  if (ingressKind(profile) !== "gatewayApi")
    return gateway === undefined
      ? []
      : [
          {
            path,
            found: "a Gateway, and Ingress objects that do not know it",
            needed: "nothing, or ingress.kind: gatewayApi",
            fix: "write `kind: gatewayApi`, or remove it",
          },
        ];
  const named: readonly Fault[] =
    ingressClass === undefined
      ? []
      : [
          {
            path: "ingress.class",
            found: ingressClass,
            needed: "nothing with ingress.kind: gatewayApi",
            fix: "remove it: the Gateway has its own class",
          },
        ];
  if (gateway !== undefined) return named;
  const needed = "the Gateway that takes the requests, which has a listener for TLS";
  return [...named, { path, found: "nothing", needed, fix: "add `gateway: { name: .., namespace: .. }`" }];
}

/** Annotations that Tokenrack sets itself. */
const ours = [
  "cert-manager.io/",
  "pulumi.com/",
  ...["proxy-body-size", "proxy-read-timeout", "proxy-send-timeout", "proxy-buffering", "ssl-redirect"].map(
    (name) => `nginx.ingress.kubernetes.io/${name}`,
  ),
];

const wafFaults = ({ ingress: { wafAnnotations } }: ClusterProfile): readonly Fault[] =>
  Object.keys(wafAnnotations)
    .filter((key) => ours.some((start) => key.startsWith(start)))
    .map((key) => ({
      path: `ingress.wafAnnotations["${key}"]`,
      found: "an annotation that is set already",
      needed: "annotations of a firewall",
      fix: "remove it",
    }));

/** What cannot be. */
export const gatewayFaults = (profile: ClusterProfile): readonly Fault[] => [
  ...roleFaults(profile),
  ...ingressFaults(profile),
  ...wafFaults(profile),
];

const blocks = (text: string): boolean => /\bSecRuleEngine\s+On\b/i.test(text);

/** What can be, and may not be meant. */
export function gatewayWarnings(profile: ClusterProfile, plan: GatewayPlan): readonly string[] {
  const { replicas, quotaStore, trustedProxies, wafAnnotations } = plan;
  return [
    ...(ingressKind(profile) === "ingressNginx"
      ? [
          "ingress.kind is ingressNginx, and ingress-nginx gets no fixes since March 2026: `ingress.kind: gatewayApi` works with any implementation of the Gateway API",
        ]
      : []),
    ...(replicas === 1 ? ["gateway.replicas is 1: an update of its pod or its node cuts clients off"] : []),
    ...(replicas > 1 && quotaStore === undefined
      ? [
          `gateway.sharedQuotas is off: each of ${replicas} replicas counts alone, so a user has up to ${replicas} times the quota`,
        ]
      : []),
    ...(quotaStore?.tls === false
      ? [
          "ingress.tlsIssuer is not set, so cert-manager may not be there: what the gateway's replicas tell their Valkey goes over the cluster's network without TLS, its password included; name a ClusterIssuer, and it gets a certificate",
        ]
      : []),
    ...(trustedProxies.length === 0
      ? [
          "gateway.trustedProxies is not set: failed logins of all clients count as those of the ingress controller, and 50 in 5 minutes lock everybody out; name the network of its pods",
        ]
      : []),
    ...(Object.values(wafAnnotations).some(blocks)
      ? ["ingress.wafAnnotations blocks at once: look at what `SecRuleEngine DetectionOnly` finds first"]
      : []),
  ];
}
