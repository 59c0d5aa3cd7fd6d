/**
 * Values of Open WebUI's chart. Version 0.11.0 of the page was run with this environment as another user than root: it made its
 * administrator, refused to sign anybody up, showed the gateway's models to a user, and sent that user's headers with the
 * request. That its image runs so, too, is UNVERIFIED.
 * @see https://github.com/open-webui/helm-charts/tree/open-webui-16.0.0/charts/open-webui values.yaml and templates
 * @see https://pypi.org/project/open-webui/0.11.0/ env.py and config.py: every variable below is read there
 */
import { createHash } from "node:crypto";
import { chatSecretKeys, partOf } from "../../plan/stages/names";
import type { OpenWebUiPlan } from "../../plan/stages/chat";
import { containerSecurity, podSecurity, pullSecrets, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";
import { chatRoute, env, ingressAnnotations, name, secret } from "./chat";
import { chatStoreManifests, chatStoreUrl, storeTls } from "./chatStore";

/** Where its pods find certificates. */
const mounts = { trusted: "/etc/tokenrack/trusted", store: "/etc/tokenrack/store" } as const;
const trustedFile = "ca.crt";
const storeItems: readonly JsonObject[] = [{ key: storeTls.ca, path: storeTls.ca }];

/**
 * The certificates of the issuer; undefined where it has a public CA's. Its name says what is in it, so that pods follow a change:
 * Python reads them once.
 */
export function trustedManifest({ namespace, oidc }: OpenWebUiPlan): Manifest | undefined {
  if (oidc?.ca === undefined) return undefined;
  const revision = createHash("sha256").update(oidc.ca).digest("hex").slice(0, 8);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${name}-trusted-${revision}`, namespace, labels: { "app.kubernetes.io/part-of": partOf } },
    data: { [trustedFile]: oidc.ca },
  };
}

/**
 * By which OpenSSL, httpx and requests, with which Open WebUI asks the issuer, are told whom to trust: these and no other.
 * @see https://github.com/encode/httpx/blob/0.28.1/httpx/_config.py SSL_CERT_FILE
 */
const trustedEnv = ({ oidc }: OpenWebUiPlan): Readonly<Record<string, string>> => {
  const file = `${mounts.trusted}/${trustedFile}`;
  return oidc?.ca === undefined ? {} : { REQUESTS_CA_BUNDLE: file, SSL_CERT_FILE: file };
};

/** User of its pod. The image is made for root: `HOME` and `STATIC_DIR` have to be where another can write. */
const openWebUiUser = 1000;

/** What Open WebUI is told beside what its chart has values for. */
function openWebUiEnv(plan: OpenWebUiPlan): readonly JsonObject[] {
  const { url, adminEmail, oidc, database } = plan;
  return env({
    ...trustedEnv(plan),
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
function websocket(plan: OpenWebUiPlan): JsonObject {
  const url = chatStoreUrl(plan, mounts.store);
  return url === undefined
    ? { enabled: true, manager: "", redis: { enabled: false } }
    : { enabled: true, manager: "redis", url, redis: { enabled: false } };
}

/** Certificates that the page's pods read: of the issuer, and of the store. */
function trusting(plan: OpenWebUiPlan): JsonObject {
  const trusted = trustedManifest(plan);
  const volumes = [
    ...(trusted === undefined ? [] : [{ name: "trusted", configMap: { name: trusted.metadata.name } }]),
    ...(plan.store?.tls === true
      ? [{ name: "store", secret: { secretName: storeTls.secret, items: storeItems } }]
      : []),
  ];
  const container = volumes.map(({ name: volume }) => ({
    name: volume,
    mountPath: volume === "trusted" ? mounts.trusted : mounts.store,
    readOnly: true,
  }));
  return volumes.length === 0 ? {} : { volumes, volumeMounts: { container, initContainer: [] } };
}

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
  const { image, replicas, storage, ingress, host, scheduling } = plan;
  return sortKeys({
    fullnameOverride: name,
    image,
    ...pullSecrets(plan),
    replicaCount: replicas,
    ollama: { enabled: false },
    pipelines: { enabled: false },
    tika: { enabled: false },
    terminals: { enabled: false },
    websocket: websocket(plan),
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
    ingress:
      ingress.kind === "gatewayApi"
        ? // The chart's own route knows no time-outs: ours stands beside it.
          { enabled: false }
        : {
            enabled: true,
            ...(ingress.class === undefined ? {} : { class: ingress.class }),
            annotations: ingressAnnotations(ingress.tlsIssuer, replicas),
            host,
            tls: true,
            existingSecret: `${name}-tls`,
          },
    ...trusting(plan),
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

/** Objects that the chart does not have: what its pods mount or ask, and what needs its Service. */
export const openWebUiManifests = (
  plan: OpenWebUiPlan,
): { readonly before: readonly Manifest[]; readonly after: readonly Manifest[] } => ({
  before: [trustedManifest(plan) ?? [], chatStoreManifests(plan)].flat(),
  after: plan.ingress.kind === "gatewayApi" ? [chatRoute(plan, plan.ingress.parent, "open-webui")] : [],
});
