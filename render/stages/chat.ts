/** What both chat pages have: a namespace, a Secret, and a way in. */
import { chatSecretKeys, objectNames, partOf, type ChatSecret } from "../../plan/stages/names";
import type { ChatPlan } from "../../plan/stages/chat";
import { labelsOf, namespaceManifest, type Manifest } from "../manifest";
import type { JsonObject } from "../text";
import { httpRoute, type RouteParent } from "./httpRoute";

/** Of the page, its release, its service and its Secret. */
export const name = objectNames.chat;

/** A value out of the page's Secret. */
export const secret = (key: ChatSecret): JsonObject => ({
  valueFrom: { secretKeyRef: { name, key: chatSecretKeys[key] } },
});

/** Environment variables in the order of their names. */
export const env = (values: Readonly<Record<string, string | JsonObject>>): readonly JsonObject[] =>
  Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => (typeof value === "string" ? { name: key, value } : { name: key, ...value }));

/** Its namespace, which takes pods of the level `restricted` only. */
export const chatNamespace = ({ namespace }: ChatPlan): Manifest => namespaceManifest(namespace, "restricted");

/** Its Secret, without what is in it. */
export const chatSecret = ({ namespace }: ChatPlan): Manifest => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace, labels: { "app.kubernetes.io/part-of": partOf } },
  type: "Opaque",
});

/** Files may be larger than a prompt; an answer comes as long as it is generated. */
export const ingressAnnotations = (tlsIssuer: string, replicas: number): Readonly<Record<string, string>> => ({
  "cert-manager.io/cluster-issuer": tlsIssuer,
  "nginx.ingress.kubernetes.io/proxy-body-size": "100m",
  "nginx.ingress.kubernetes.io/proxy-buffering": "off",
  "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
  "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
  // A websocket begins with several requests, which have to meet the same pod.
  ...(replicas > 1 ? { "nginx.ingress.kubernetes.io/affinity": "cookie" } : {}),
});

/** The page's route where it is attached to a Gateway. Its Service, the chart's as well, listens on port 80. */
export const chatRoute = (
  { namespace, host }: ChatPlan,
  parent: RouteParent,
  component: "open-webui" | "lobe-chat",
): Manifest =>
  httpRoute({ name, namespace, labels: labelsOf(component) }, parent, host, {
    matches: [{ path: { type: "PathPrefix", value: "/" } }],
    backendRefs: [{ name, port: 80 }],
    // "0s" is no bound: an answer takes as long as it is generated, and a websocket stays open.
    timeouts: { request: "0s" },
  });

/** Annotation of pods with the revision of their Secret. */
export const revisionAnnotation = "tokenrack/secret-revision";
