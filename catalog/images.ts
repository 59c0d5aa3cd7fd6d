/**
 * Every container image that Tokenrack puts on a cluster. Digests pin what runs; a row without one says why, is told as a
 * warning of the plan, and can be pinned by `images.<name>` in the stack.
 */
import { versions } from "./versions";

/** One image. */
export interface ImageRow {
  /** Registry and repository. */
  readonly repository: string;
  readonly tag: string;
  /** "sha256:" and 64 hex digits. */
  readonly digest?: string;
  /** Why there is no digest here, or what else could not be checked. */
  readonly unverified?: string;
  readonly source: string;
}

const noRegistry = "the digest could not be looked up where this version was made";

/** Images by the name that `images.<name>` overrides. */
export const images = {
  /** Ray with vLLM, CUDA 13: head, workers and cache warmers. */
  ray: {
    repository: "docker.io/rayproject/ray-llm",
    tag: `${versions.ray}-py312-cu130`,
    unverified: `${noRegistry}; the tag follows the scheme of 2.56.0 and 2.58.0`,
    source:
      "https://github.com/ray-project/kuberay/tree/v1.7.0/ray-operator/config/samples (ray-service.high-throughput-llm.yaml)",
  },
  /** Runs the gateway and the model downloader, each one JavaScript file from a ConfigMap. */
  node: {
    repository: "docker.io/library/node",
    tag: "22-bookworm-slim",
    unverified: noRegistry,
    source: "https://github.com/nodejs/docker-node",
  },
  /** Keeps the gateway's shared quotas, and Ray's control store where fault tolerance is on. */
  valkey: {
    repository: "docker.io/valkey/valkey",
    tag: "8.1-bookworm",
    unverified: noRegistry,
    source: "https://github.com/valkey-io/valkey-container",
  },
  /** Makes Ray clusters out of RayServices. */
  kubeRay: {
    repository: "quay.io/kuberay/operator",
    tag: `v${versions.kubeRay}`,
    unverified: noRegistry,
    source: "https://github.com/ray-project/kuberay/tree/v1.6.2/helm-chart/kuberay-operator",
  },
  /** The chat page. Its licence wants its branding kept where more than 50 people use it. */
  openWebUi: {
    repository: "ghcr.io/open-webui/open-webui",
    tag: versions.openWebUiApp,
    unverified: noRegistry,
    source: "https://github.com/open-webui/helm-charts/tree/open-webui-16.0.0/charts/open-webui",
  },
  /** The other chat page, without accounts and without a database. */
  lobeChat: {
    repository: "docker.io/lobehub/lobe-chat",
    tag: versions.lobeChat,
    unverified: `${noRegistry}; the tag follows npm's @lobehub/chat`,
    source: "https://github.com/lobehub/lobe-chat/blob/00dc29b97c5d2d07ff9a964e28ff286bc9ed433b/Dockerfile",
  },
} as const satisfies Readonly<Record<string, ImageRow>>;

/** Name of an image of ours. */
export type ImageName = keyof typeof images;

/** What Kubernetes takes: by digest where there is one. */
export const imageReference = ({ repository, tag, digest }: ImageRow): string =>
  digest === undefined ? `${repository}:${tag}` : `${repository}:${tag}@${digest}`;
