/** NodeGroupConfigurations: what Deckhouse runs on nodes besides its own steps. */
import { clusterObject, type ClusterObject } from "./objects";
import { groupName } from "../../plan/deckhouse/groups";
import type { Cri, DeckhouseInput, NvidiaNodes, RegistryCertificate } from "../../plan/deckhouse/types";

/**
 * Deckhouse merges containerd's drop-ins in its step 32, so that what writes one has to come before, and what it points
 * at before that.
 * @see https://github.com/deckhouse/deckhouse candi/bashible/common-steps, 032_configure_containerd.sh
 */
const weights = { packages: 30, dropIn: 31, certificates: 31 } as const;

/** Containerd's own names changed with version 2, and so did the directory that Deckhouse reads. */
const containerd = {
  Containerd: { directory: "/etc/containerd/conf.d", plugin: "io.containerd.grpc.v1.cri" },
  ContainerdV2: { directory: "/etc/containerd/conf2.d", plugin: "io.containerd.cri.v1.runtime" },
} as const;

function configuration(
  name: string,
  pools: readonly string[],
  bundles: readonly string[],
  weight: number,
  lines: readonly string[],
) {
  return clusterObject({
    apiVersion: "deckhouse.io/v1alpha1",
    kind: "NodeGroupConfiguration",
    name,
    fields: { spec: { bundles, content: `${lines.join("\n")}\n`, nodeGroups: pools, weight } },
  });
}

function runtimeLines(
  cri: Cri,
  { runtimePath = "/usr/bin/nvidia-container-runtime", defaultRuntime = true }: NvidiaNodes,
) {
  const { directory, plugin } = containerd[cri];
  const runtimes = `plugins."${plugin}".containerd`;
  return [
    `mkdir -p ${directory}`,
    `bb-sync-file ${directory}/nvidia.toml - << "EOF"`,
    ...(defaultRuntime ? [`[${runtimes}]`, `  default_runtime_name = "nvidia"`] : []),
    `[${runtimes}.runtimes.nvidia]`,
    `  privileged_without_host_devices = false`,
    // runc.v1, which older examples have, is gone from containerd 2.
    `  runtime_type = "io.containerd.runc.v2"`,
    `[${runtimes}.runtimes.nvidia.options]`,
    `  BinaryName = "${runtimePath}"`,
    `  SystemdCgroup = false`,
    `EOF`,
  ];
}

/** NVIDIA's repository is signed by this key; a package by any other is refused. @see https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html */
function packageLines(packages: readonly string[]): readonly string[] {
  const keyring = "/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg";
  const repository = "https://nvidia.github.io/libnvidia-container";
  return [
    `set -e`,
    `list=/etc/apt/sources.list.d/nvidia-container-toolkit.list`,
    `if [ ! -s ${keyring} ]; then`,
    `  curl -fsSL ${repository}/gpgkey | gpg --batch --yes --dearmor -o ${keyring}.partial`,
    `  mv ${keyring}.partial ${keyring}`,
    `fi`,
    `bb-sync-file "$list" - << "EOF"`,
    `deb [signed-by=${keyring}] ${repository}/stable/deb/amd64 /`,
    `EOF`,
    `apt-get update -qq`,
    `bb-apt-install ${packages.join(" ")}`,
  ];
}

function certificateLines({ host, ca }: RegistryCertificate): readonly string[] {
  const file = `/etc/containerd/registry.d/${host}`;
  const system = `/usr/local/share/ca-certificates/${host.replace(/[^\w.-]/g, "-")}.crt`;
  const pem = ca.trim();
  return [
    `mkdir -p ${file} /usr/local/share/ca-certificates`,
    `bb-sync-file ${file}/ca.crt - << "EOF"`,
    pem,
    `EOF`,
    `bb-sync-file ${file}/hosts.toml - << "EOF"`,
    `[host]`,
    `  [host."https://${host}"]`,
    `    capabilities = ["pull", "resolve"]`,
    `    ca = ["${file}/ca.crt"]`,
    `EOF`,
    `bb-sync-file ${system} - << "EOF"`,
    pem,
    `EOF`,
    `update-ca-certificates`,
  ];
}

/** Containerd 1 unless the pool or the cluster says otherwise: what Deckhouse takes by itself. */
const criOf = (input: DeckhouseInput, own: Cri | undefined): Cri => own ?? input.cluster.defaultCri ?? "Containerd";

function nvidiaObjects(input: DeckhouseInput, nvidia: NvidiaNodes): readonly ClusterObject[] {
  const gpuPools = input.pools.filter(({ role }) => role === "gpu");
  const runtimes = (["Containerd", "ContainerdV2"] as const).flatMap((cri) => {
    const pools = gpuPools.filter((pool) => criOf(input, pool.cri) === cri).map(groupName);
    const name = cri === "Containerd" ? "nvidia-runtime.sh" : "nvidia-runtime-v2.sh";
    return pools.length === 0 ? [] : [configuration(name, pools, ["*"], weights.dropIn, runtimeLines(cri, nvidia))];
  });
  const { packages = [] } = nvidia;
  if (packages.length === 0 || gpuPools.length === 0) return runtimes;
  const lines = packageLines(packages);
  return [
    ...runtimes,
    configuration("nvidia-packages.sh", gpuPools.map(groupName), ["ubuntu-lts"], weights.packages, lines),
  ];
}

/** All of a stack's. */
export const nodeConfigurations = (input: DeckhouseInput): readonly ClusterObject[] => [
  ...(input.nvidia === undefined ? [] : nvidiaObjects(input, input.nvidia)),
  ...(input.registryCertificates ?? []).map((one, index) =>
    configuration(`registry-certificate-${index + 1}.sh`, ["*"], ["*"], weights.certificates, certificateLines(one)),
  ),
];
