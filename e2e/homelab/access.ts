/** What Deckhouse's modules ingress-nginx and cert-manager would do, as far as the gateway's Ingress objects ask for it. Pure. */
import {
  at,
  isMap,
  listAt,
  mapAt,
  nameOf,
  namespaceOf,
  numberAt,
  textAt,
  type KubeObject,
} from "../../engine/standins/kubernetes/object";
import type { PropertyValue } from "../../engine/standins/values";
import type { KeyPair } from "./certificates";

/** Annotation by which MetalLB is asked for an address. */
const addressAnnotation = "metallb.universe.tf/loadBalancerIPs";

/** A certificate that somebody asked for. */
export interface WantedCertificate {
  readonly namespace: string;
  readonly secretName: string;
  /** Names and addresses; the first one names it. */
  readonly hosts: readonly string[];
  /** Who signs: a ClusterIssuer, or an Issuer of that namespace. */
  readonly issuer: string;
  /** Name of the Certificate that asks; absent where an Ingress does. */
  readonly certificate?: string;
}

/** The class of a controller. */
export const ingressClass = (controller: KubeObject): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: textAt(controller, "spec", "ingressClass") },
  spec: { controller: "deckhouse.io/simulated-ingress-nginx" },
});

/** The Ingress with the address of its class's controller as its status; undefined when it has it, or has no controller. */
export function withAddress(ingress: KubeObject, controllers: readonly KubeObject[]): KubeObject | undefined {
  const own = controllers.find(
    (one) => textAt(one, "spec", "ingressClass") === textAt(ingress, "spec", "ingressClassName"),
  );
  const address = own === undefined ? "" : textAt(own, "spec", "loadBalancer", "annotations", addressAnnotation);
  const [known] = listAt(ingress, "status", "loadBalancer", "ingress");
  if (address === "" || textAt(known, "ip") === address) return undefined;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: nameOf(ingress), namespace: namespaceOf(ingress) },
    status: { loadBalancer: { ingress: [{ ip: address }] } },
  };
}

const texts = (list: readonly PropertyValue[]): readonly string[] => list.filter((one) => typeof one === "string");

/** Certificates that Ingress objects ask cert-manager for by its annotation. */
export const wantedCertificates = (ingresses: readonly KubeObject[]): readonly WantedCertificate[] =>
  ingresses.flatMap((ingress) => {
    const issuer = textAt(ingress, "metadata", "annotations", "cert-manager.io/cluster-issuer");
    return issuer === ""
      ? []
      : listAt(ingress, "spec", "tls").map((tls) => ({
          namespace: namespaceOf(ingress),
          secretName: textAt(tls, "secretName"),
          hosts: texts(listAt(tls, "hosts")),
          issuer,
        }));
  });

/** Certificates that Certificate objects ask for; a CA's own is none of them: that of the run is there already. */
export const askedCertificates = (certificates: readonly KubeObject[]): readonly WantedCertificate[] =>
  certificates
    .filter((one) => at(one, "spec", "isCA") !== true)
    .map((one) => ({
      namespace: namespaceOf(one),
      secretName: textAt(one, "spec", "secretName"),
      hosts: texts([...listAt(one, "spec", "dnsNames"), ...listAt(one, "spec", "ipAddresses")]),
      issuer: textAt(one, "spec", "issuerRef", "name"),
      certificate: nameOf(one),
    }));

/** The issuer of a certificate, by how it signs; undefined while there is none. */
export function signerOf(
  { namespace, issuer }: WantedCertificate,
  issuers: readonly KubeObject[],
): "ca" | "self" | undefined {
  const own = issuers.find((one) => nameOf(one) === issuer && ["", namespace].includes(namespaceOf(one)));
  if (at(own, "spec", "ca") !== undefined) return "ca";
  return at(own, "spec", "selfSigned") === undefined ? undefined : "self";
}

/** The Secret that a certificate is put into. */
export const tlsSecret = (
  { namespace, secretName }: WantedCertificate,
  { certificate, key, ca }: KeyPair & { readonly ca: string },
): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/tls",
  metadata: { name: secretName, namespace },
  data: {
    "ca.crt": Buffer.from(ca).toString("base64"),
    "tls.crt": Buffer.from(certificate).toString("base64"),
    "tls.key": Buffer.from(key).toString("base64"),
  },
});

/** A way in: what of a host goes to which service. */
export interface Route {
  readonly host: string;
  readonly path: string;
  readonly exact: boolean;
  /** What of the service's pods can take a request now. */
  readonly targets: readonly Target[];
}

/** Address and port of a pod. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** All of them once, beginning with the one whose turn it is. */
export const inTurn = (targets: readonly Target[], turn: number): readonly Target[] => {
  const first = targets.length === 0 ? 0 : turn % targets.length;
  return [...targets.slice(first), ...targets.slice(0, first)];
};

/** Pods of a service that are ready, as ingress-nginx asks them itself, without the service's own address. */
function targetsOf(service: KubeObject, portName: string, slices: readonly KubeObject[]): readonly Target[] {
  const own = slices.filter(
    (one) =>
      textAt(one, "metadata", "labels", "kubernetes.io/service-name") === nameOf(service) &&
      namespaceOf(one) === namespaceOf(service),
  );
  return own.flatMap((slice) => {
    const port = listAt(slice, "ports").find((one) => textAt(one, "name") === portName);
    const ready = listAt(slice, "endpoints").filter((one) => at(one, "conditions", "ready") === true);
    return texts(ready.flatMap((one) => listAt(one, "addresses"))).map((address) => ({
      address,
      port: numberAt(port, "port") ?? 0,
    }));
  });
}

/** Routes of all Ingress objects whose services are there. @param slices EndpointSlices of the services */
export function routesOf(
  ingresses: readonly KubeObject[],
  services: readonly KubeObject[],
  slices: readonly KubeObject[],
): readonly Route[] {
  return ingresses.flatMap((ingress) =>
    listAt(ingress, "spec", "rules").flatMap((rule) =>
      listAt(rule, "http", "paths").flatMap((entry): Route[] => {
        const backend = mapAt(entry, "backend", "service");
        const service = services.find(
          (one) => nameOf(one) === textAt(backend, "name") && namespaceOf(one) === namespaceOf(ingress),
        );
        const port = listAt(service, "spec", "ports")
          .filter(isMap)
          .find((one) => textAt(one, "name") === textAt(backend, "port", "name"));
        if (service === undefined || port === undefined) return [];
        return [
          {
            host: textAt(rule, "host"),
            path: textAt(entry, "path"),
            exact: textAt(entry, "pathType") === "Exact",
            targets: targetsOf(service, textAt(port, "name"), slices),
          },
        ];
      }),
    ),
  );
}

/** The route of a request; undefined for a path that nobody opened. Exact ones first, as Kubernetes has it. */
export function routeOf(routes: readonly Route[], host: string, url: string): Route | undefined {
  const path = url.replace(/[?#].*$/, "");
  const own = routes.filter((route) => route.host === host);
  return (
    own.find((route) => route.exact && route.path === path) ??
    own.find((route) => !route.exact && (path === route.path || path.startsWith(`${route.path}/`)))
  );
}
