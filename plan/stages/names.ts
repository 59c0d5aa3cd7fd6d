/** Names in the cluster that more than one stage has to know. */

/** Label that every object of ours carries, with `partOf` as its value. @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export const partOf = "tokenrack";

/** What a pod is to the others: value of `app.kubernetes.io/component`, by which network policies choose. */
export const components = [
  "kuberay-operator",
  "model-download",
  "ray-head",
  "ray-worker",
  /** Keeps the state of Ray's control store, where fault tolerance is on. */
  "ray-store",
  /** Fills a compile cache before the first start. */
  "cache-warmer",
  "gateway",
  /** Keeps the quotas that the gateway's replicas share. */
  "valkey",
  /** The chat page, and the store of its replicas, by the labels that Open WebUI's chart gives them. */
  "open-webui",
  "chat-redis",
  "lobe-chat",
] as const;
export type Component = (typeof components)[number];

/** Namespaces besides `serving.namespace`. */
export const namespaces = { gpuOperator: "gpu-operator", hami: "hami-system", kubeRay: "kuberay-system" } as const;

/** Objects in the serving namespace. */
export const objectNames = {
  /** The RayService. KubeRay calls its stable service `<name>-serve-svc`, and its head's `<name>-head-svc`. */
  rayService: "llm",
  serveService: "llm-serve-svc",
  headService: "llm-head-svc",
  /** The volume of models and compile caches, where it is made and not given. */
  modelClaim: "models",
  /** Secret with Ray's token, by KubeRay's key `auth_token`. */
  rayTokenSecret: "ray-token",
  gateway: "gateway",
  valkey: "valkey",
  /** The chat page, its service and its Secret, in a namespace of their own. */
  chat: "chat",
} as const;

/** Ports in the cluster. */
export const ports = {
  serve: 8000,
  dashboard: 8265,
  gcs: 6379,
  client: 10001,
  rayMetrics: 8080,
  gateway: 8080,
  valkey: 6379,
  /** Metrics of the gateway, for Prometheus alone; the container's port is called `metrics`. */
  gatewayMetrics: 9090,
  /** Metrics of KubeRay's operator; the container's port is called `http`. */
  kubeRayMetrics: 8080,
  chat: 8080,
  lobeChat: 3210,
} as const;

/** Where the model volume is mounted, in every pod that mounts it. */
export const modelsMount = "/models";
/** Directory of the volume that compile caches are in. */
export const cacheDirectory = "cache";

/** Part of a path or an object's name out of a model's name: lower case, digits and dashes. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** Directory of a model on the volume: one a revision, so that a new one is downloaded beside the old. */
export const modelDirectory = (source: string, revision: string): string =>
  `${modelsMount}/${slug(source)}--${slug(revision)}`;

/** A directory of the volume by its path in the pods. */
export const onVolume = (directory: string): string => directory.slice(modelsMount.length + 1);

/** What the chat page's Secret holds, by the keys there. */
export const chatSecretKeys = {
  /** Where the gateway's API is: `http://gateway.<namespace>.svc/v1`. */
  gatewayUrl: "gateway-url",
  /** What the gateway knows the page by: a token of its own, with scope `act-as` for Open WebUI. */
  token: "token",
  /** Signs the sessions of Open WebUI: another one logs everybody out. */
  sessionKey: "session-key",
  /** Password of `chat.adminEmail`; only the first start reads it. */
  adminPassword: "admin-password",
  /** What the issuer knows the page by. */
  oidcClientSecret: "oidc-client-secret",
  /** `postgresql://user:password@host:port/name` */
  databaseUrl: "database-url",
  /** Opens LobeChat to whoever knows it. */
  accessCode: "access-code",
} as const;
export type ChatSecret = keyof typeof chatSecretKeys;
