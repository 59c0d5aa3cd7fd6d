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
  "chat",
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
  chat: 8080,
} as const;

/** Where the model volume is mounted, in every pod that mounts it. */
export const modelsMount = "/models";

/** Part of a path or an object's name out of a model's name: lower case, digits and dashes. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** Directory of a model on the volume: one a revision, so that a new one is downloaded beside the old. */
export const modelDirectory = (source: string, revision: string): string =>
  `${modelsMount}/${slug(source)}--${slug(revision)}`;
