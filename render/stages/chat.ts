/**
 * Open WebUI's chart and LobeChat's objects.
 * @see https://github.com/open-webui/helm-charts/tree/open-webui-16.0.0/charts/open-webui values.yaml and templates
 * @see https://pypi.org/project/open-webui/0.11.0/ env.py and config.py: every variable below is read there
 */
import { chatSecretKeys, objectNames, partOf, ports, type ChatSecret } from "../../plan/stages/names";
import type { ChatPlan, LobeChatPlan, OpenWebUiPlan } from "../../plan/stages/chat";
import { containerSecurity, labelsOf, namespaceManifest, podSecurity, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";

const name = objectNames.chat;

const secret = (key: ChatSecret): JsonObject => ({
  valueFrom: { secretKeyRef: { name, key: chatSecretKeys[key] } },
});

/** Environment variables in the order of their names. */
const env = (values: Readonly<Record<string, string | JsonObject>>): readonly JsonObject[] =>
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

/** User of Open WebUI's pod. Its image is made for root, and says that others are not tested; with `HOME` and `STATIC_DIR` where they can be written it starts. */
const openWebUiUser = 1000;

/** Files may be larger than a prompt; an answer comes as long as it is generated. */
const ingressAnnotations = ({ ingress, replicas }: ChatPlan): Readonly<Record<string, string>> => ({
  "cert-manager.io/cluster-issuer": ingress.tlsIssuer,
  "nginx.ingress.kubernetes.io/proxy-body-size": "100m",
  "nginx.ingress.kubernetes.io/proxy-buffering": "off",
  "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
  "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
  // A websocket begins with several requests, which have to meet the same pod.
  ...(replicas > 1 ? { "nginx.ingress.kubernetes.io/affinity": "cookie" } : {}),
});

/** What Open WebUI is told beside what its chart has values for. */
function openWebUiEnv({ url, adminEmail, oidc, database }: OpenWebUiPlan): readonly JsonObject[] {
  return env({
    // The stack is the one place of its settings: without this, what was once written to its database wins.
    ENABLE_PERSISTENT_CONFIG: "False",
    OPENAI_API_BASE_URL: secret("gatewayUrl"),
    OPENAI_API_KEY: secret("token"),
    WEBUI_URL: url,
    CORS_ALLOW_ORIGIN: url,
    WEBUI_SESSION_COOKIE_SECURE: "True",
    WEBUI_AUTH_COOKIE_SECURE: "True",
    WEBUI_SECRET_KEY: secret("sessionKey"),
    // Made at the first start, before anybody can be the first to log in.
    WEBUI_ADMIN_EMAIL: adminEmail,
    WEBUI_ADMIN_PASSWORD: secret("adminPassword"),
    ENABLE_SIGNUP: "False",
    // With an issuer the administrator's form is at /auth?form=true.
    ENABLE_LOGIN_FORM: oidc === undefined ? "True" : "False",
    DEFAULT_USER_ROLE: oidc === undefined ? "pending" : "user",
    ...(oidc === undefined ? {} : { OPENID_REDIRECT_URI: `${url}/oauth/oidc/callback` }),
    // The gateway counts people by these headers, and not the page.
    ENABLE_FORWARD_USER_INFO_HEADERS: "True",
    // The gateway says which models there are; else only administrators see them.
    BYPASS_MODEL_ACCESS_CONTROL: "True",
    // It can reach nothing but the gateway: no hub, no version check, no packages of somebody's tools.
    OFFLINE_MODE: "True",
    ENABLE_VERSION_UPDATE_CHECK: "False",
    ENABLE_PIP_INSTALL_FRONTMATTER_REQUIREMENTS: "False",
    ENABLE_COMMUNITY_SHARING: "False",
    ENABLE_DIRECT_CONNECTIONS: "False",
    ENABLE_EVALUATION_ARENA_MODELS: "False",
    ENABLE_WEB_SEARCH: "False",
    HOME: "/tmp",
    STATIC_DIR: "/tmp/static",
    ...(database ? { DATABASE_URL: secret("databaseUrl") } : {}),
  });
}

/** One replica needs nobody between its websockets. */
const websocket = (store: OpenWebUiPlan["store"]): JsonObject =>
  store === undefined
    ? { enabled: true, manager: "", redis: { enabled: false } }
    : {
        enabled: true,
        manager: "redis",
        url: `redis://${name}-redis:${ports.valkey}/0`,
        redis: {
          enabled: true,
          image: store,
          // No password: only the page's pods reach it, and it keeps nothing that outlives them.
          podSecurityContext: podSecurity(999),
          containerSecurityContext: containerSecurity(),
          resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
        },
      };

/** Who logs in where. Accounts of an issuer are never joined to those of the page by their address alone. */
const sso = (oidc: OpenWebUiPlan["oidc"]): JsonObject =>
  oidc === undefined
    ? { enabled: false }
    : {
        enabled: true,
        enableSignup: true,
        mergeAccountsByEmail: false,
        oidc: {
          enabled: true,
          clientId: oidc.clientId,
          clientExistingSecret: name,
          clientExistingSecretKey: chatSecretKeys.oidcClientSecret,
          providerUrl: oidc.discoveryUrl,
          providerName: oidc.name,
          scopes: oidc.scopes,
        },
      };

const probe = (path: string, periodSeconds: number, failureThreshold: number): JsonObject => ({
  httpGet: { path, port: "http" },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

/** Values of Open WebUI's chart. */
export function openWebUiValues(plan: OpenWebUiPlan): JsonObject {
  const { image, replicas, storage, ingress, host, scheduling, store } = plan;
  return sortKeys({
    fullnameOverride: name,
    image,
    replicaCount: replicas,
    ollama: { enabled: false },
    pipelines: { enabled: false },
    tika: { enabled: false },
    terminals: { enabled: false },
    websocket: websocket(store),
    // Told by the environment below: the chart would have the address in the clear, and so before the gateway answers.
    enableOpenaiApi: true,
    openaiBaseApiUrl: "",
    persistence: {
      enabled: true,
      size: `${storage.gib}Gi`,
      accessModes: [storage.accessMode],
      ...(storage.class === undefined ? {} : { storageClass: storage.class }),
    },
    sso: sso(plan.oidc),
    extraEnvVars: openWebUiEnv(plan),
    ingress: {
      enabled: true,
      ...(ingress.class === undefined ? {} : { class: ingress.class }),
      annotations: ingressAnnotations(plan),
      host,
      tls: true,
      existingSecret: `${name}-tls`,
    },
    podLabels: { "app.kubernetes.io/part-of": partOf },
    podSecurityContext: podSecurity(openWebUiUser),
    containerSecurityContext: containerSecurity(false),
    serviceAccount: { enable: true, create: true, automountServiceAccountToken: false },
    // It indexes files and hears speech with small models of its own, on the CPU.
    resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { memory: "4Gi" } },
    copyAppData: { resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } } },
    startupProbe: probe("/health", 5, 60),
    livenessProbe: probe("/health", 10, 3),
    readinessProbe: probe("/health/db", 10, 3),
    nodeSelector: scheduling.nodeSelector,
    tolerations: scheduling.tolerations.map((toleration) => ({ ...toleration })),
  });
}

/** Annotation of pods with the revision of their Secret. */
export const revisionAnnotation = "tokenrack/secret-revision";

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
export function lobeChatSpec({ image, replicas, models, scheduling }: LobeChatPlan, revision: string): JsonObject {
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
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity(lobeChatUser),
        nodeSelector: scheduling.nodeSelector,
        tolerations: scheduling.tolerations.map((one) => ({ ...one })),
        containers: [container],
      },
    },
  });
}

/**
 * LobeChat without its database: each person's chats stay in their browser. UNVERIFIED, as no image of it could be run: that
 * it takes these variables is read from its Dockerfile alone, and that `FEATURE_FLAGS` has these names is not read at all.
 * @see https://github.com/lobehub/lobe-chat/blob/00dc29b97c5d2d07ff9a964e28ff286bc9ed433b/Dockerfile
 */
export function lobeChatManifests(
  plan: LobeChatPlan,
): Readonly<Record<"deployment" | "service" | "ingress", Manifest>> {
  const { namespace, host, ingress } = plan;
  const labels = labelsOf("lobe-chat");
  const metadata = { name, namespace, labels };
  const path = { path: "/", pathType: "Prefix", backend: { service: { name, port: { name: "http" } } } };
  return {
    deployment: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: lobeChatSpec(plan, "") },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    ingress: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { ...metadata, annotations: ingressAnnotations(plan) },
      spec: sortKeys({
        ...(ingress.class === undefined ? {} : { ingressClassName: ingress.class }),
        tls: [{ hosts: [host], secretName: `${name}-tls` }],
        rules: [{ host, http: { paths: [path] } }],
      }),
    },
  };
}
