/** LobeChat, for which there is no chart. */
import { ports } from "../../plan/stages/names";
import type { LobeChatPlan } from "../../plan/stages/chat";
import { containerSecurity, labelsOf, podBase, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";
import { chatRoute, env, ingressAnnotations, name, revisionAnnotation, secret } from "./chat";

/** User `nextjs` of LobeChat's image. */
const lobeChatUser = 1001;

/** What LobeChat is told. */
const lobeChatEnv = (models: readonly string[]): readonly JsonObject[] =>
  env({
    ACCESS_CODE: secret("accessCode"),
    // What asks others than the gateway is off: it could not reach them.
    FEATURE_FLAGS: "-market,-plugins,-check_updates,-knowledge_base",
    OPENAI_API_KEY: secret("token"),
    // Only these models, and none of OpenAI's own names.
    OPENAI_MODEL_LIST: ["-all", ...models.map((model) => `+${model}`)].join(","),
    OPENAI_PROXY_URL: secret("gatewayUrl"),
  });

/** Spec of its Deployment. @param revision of its Secret, so that its pods follow a change there */
export function lobeChatSpec(plan: LobeChatPlan, revision: string): JsonObject {
  const { image, replicas, models, scheduling } = plan;
  const labels = labelsOf("lobe-chat");
  const container = {
    name,
    image,
    env: lobeChatEnv(models),
    ports: [{ name: "http", containerPort: ports.lobeChat }],
    readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 5 },
    livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 15 },
    resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    // Next.js writes its cache beside its files.
    securityContext: containerSecurity(false),
  };
  return sortKeys({
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels, annotations: { [revisionAnnotation]: revision } },
      spec: {
        ...podBase(scheduling, plan, lobeChatUser),
        containers: [container],
      },
    },
  });
}

function ingressOf(plan: LobeChatPlan): Manifest {
  const { namespace, host, ingress, replicas } = plan;
  if (ingress.kind === "gatewayApi") return chatRoute(plan, ingress.parent, "lobe-chat");
  const path = { path: "/", pathType: "Prefix", backend: { service: { name, port: { name: "http" } } } };
  const annotations = ingressAnnotations(ingress.tlsIssuer, replicas);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace, labels: labelsOf("lobe-chat"), annotations },
    spec: sortKeys({
      ...(ingress.class === undefined ? {} : { ingressClassName: ingress.class }),
      tls: [{ hosts: [host], secretName: `${name}-tls` }],
      rules: [{ host, http: { paths: [path] } }],
    }),
  };
}

/**
 * LobeChat without its database: each person's chats stay in their browser. UNVERIFIED, as no image of it could be run: that
 * it takes these variables is read from its Dockerfile alone, and that `FEATURE_FLAGS` has these names is not read at all.
 * @see https://github.com/lobehub/lobe-chat/blob/00dc29b97c5d2d07ff9a964e28ff286bc9ed433b/Dockerfile
 */
export function lobeChatManifests(
  plan: LobeChatPlan,
): Readonly<Record<"deployment" | "service" | "ingress", Manifest>> {
  const labels = labelsOf("lobe-chat");
  const metadata = { name, namespace: plan.namespace, labels };
  return {
    deployment: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: lobeChatSpec(plan, "") },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    ingress: ingressOf(plan),
  };
}
