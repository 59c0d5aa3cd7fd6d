/** NVIDIA's part on the nodes: what Deckhouse installs, and what the GPU Operator is left with. */
import type { DeckhouseProfile } from "../../config/schema";
import type { Cri, DeckhousePool, NvidiaNodes } from "./types";

/**
 * Deckhouse merges the files of one directory into containerd's configuration, another one for each major version, and
 * empties the other. The file is named as the operator names its own, so that a change of hands leaves no second one.
 * @see https://github.com/deckhouse/deckhouse candi/bashible/common-steps/all/032_configure_containerd.sh.tpl
 * @see https://github.com/NVIDIA/gpu-operator v26.7.0, controllers/object_controls.go (99-nvidia.toml)
 */
const containerd: Readonly<Record<Cri, Pick<NvidiaNodes, "containerd" | "dropIn">>> = {
  Containerd: { containerd: 1, dropIn: "/etc/containerd/conf.d/99-nvidia.toml" },
  ContainerdV2: { containerd: 2, dropIn: "/etc/containerd/conf2.d/99-nvidia.toml" },
};

/** What GPU nodes get; undefined without a pool of them. */
export function planNvidia(
  { nvidia, defaultCRI }: Pick<DeckhouseProfile, "nvidia" | "defaultCRI">,
  pools: readonly DeckhousePool[],
): NvidiaNodes | undefined {
  return pools.some(({ role }) => role === "gpu") ? { ...nvidia, ...containerd[defaultCRI] } : undefined;
}
