/** NodeGroupConfigurations: what Deckhouse runs on nodes besides its own steps. */
import { nvidiaToolkit } from "../../catalog/deckhouse";
import { clusterObject, type ClusterObject } from "./objects";
import { groupName } from "../../plan/deckhouse/groups";
import type { DeckhouseInput, NvidiaNodes, RegistryCertificate } from "../../plan/deckhouse/types";

/**
 * Deckhouse merges containerd's drop-ins in its step 32, so that what writes one has to come before, and what it points
 * at before that.
 * @see https://github.com/deckhouse/deckhouse candi/bashible/common-steps/all/032_configure_containerd.sh.tpl
 */
const weights = { packages: 30, dropIn: 31, certificates: 31 } as const;

/** Bundles of Deckhouse whose packages are Debian's. */
const debianBundles = ["debian", "ubuntu-lts"] as const;

interface Step {
  readonly name: string;
  readonly pools: readonly string[];
  readonly bundles: readonly string[];
  readonly weight: number;
  readonly lines: readonly string[];
}

const configuration = ({ name, pools, bundles, weight, lines }: Step): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1alpha1",
    kind: "NodeGroupConfiguration",
    name,
    fields: { spec: { bundles, content: `${lines.join("\n")}\n`, nodeGroups: pools, weight } },
  });

/** Containerd's own names changed with version 2, which reads device specifications (CDI) without being told. */
const criOf = { 1: "io.containerd.grpc.v1.cri", 2: "io.containerd.cri.v1.runtime" } as const;
const cdi = { 1: [`  enable_cdi = true`, `  cdi_spec_dirs = ["/etc/cdi", "/var/run/cdi"]`], 2: [] } as const;

function runtimeLines({ containerd, dropIn, defaultRuntime }: NvidiaNodes): readonly string[] {
  const cri = `plugins."${criOf[containerd]}"`;
  const runtimes = `${cri}.containerd.runtimes`;
  return [
    `mkdir -p ${dropIn.replace(/\/[^/]*$/, "")}`,
    // As Deckhouse's own step finds it: with another driver than kubelet's, pods would run outside their limits.
    `systemd_cgroup=true`,
    `if [ "$(cat /var/lib/bashible/cgroup_config 2>/dev/null)" = cgroupfs ]; then systemd_cgroup=false; fi`,
    `bb-sync-file ${dropIn} - << EOF`,
    ...(cdi[containerd].length === 0 ? [] : [`[${cri}]`, ...cdi[containerd]]),
    ...(defaultRuntime ? [`[${cri}.containerd]`, `  default_runtime_name = "nvidia"`] : []),
    `[${runtimes}.nvidia]`,
    `  privileged_without_host_devices = false`,
    // runc.v1, which older examples have, is gone from containerd 2.
    `  runtime_type = "io.containerd.runc.v2"`,
    `[${runtimes}.nvidia.options]`,
    `  BinaryName = "/usr/bin/nvidia-container-runtime"`,
    `  SystemdCgroup = \${systemd_cgroup}`,
    `EOF`,
  ];
}

/** Exact versions of all parts: apt would take the newest of those that the first one only asks for. */
const toolkitPackages = [
  "libnvidia-container1",
  "libnvidia-container-tools",
  "nvidia-container-toolkit-base",
  "nvidia-container-toolkit",
].map((name) => `${name}=${nvidiaToolkit.version}`);

/** Installs what is missing. @param installed what to do once it was */
const installLines = (packages: readonly string[], installed: readonly string[] = []): readonly string[] => [
  `missing=`,
  `for package in ${packages.join(" ")}; do`,
  `  bb-apt-package? "$package" || missing=yes`,
  `done`,
  `if [ -n "$missing" ]; then`,
  `  apt-get update -qq`,
  `  bb-apt-install ${packages.join(" ")}`,
  ...installed.map((line) => `  ${line}`),
  `fi`,
];

/** NVIDIA's repository with its key, which is the expected one or none: a package that another signed is refused. */
function toolkitLines({ driver }: NvidiaNodes): readonly string[] {
  const { repository, keyFingerprint } = nvidiaToolkit;
  const keyring = "/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg";
  return [
    `set -e`,
    `keyring=${keyring}`,
    `if [ ! -s "$keyring" ]; then`,
    `  curl -fsSL ${repository}/gpgkey | gpg --batch --yes --dearmor -o "$keyring.partial"`,
    // Of every key in it: one more would sign as well.
    `  found=$(gpg --batch --show-keys --with-colons "$keyring.partial" |`,
    `    awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }')`,
    `  if [ "$found" != ${keyFingerprint} ]; then`,
    `    rm -f "$keyring.partial"`,
    `    bb-log-error "${repository}/gpgkey is signed by \${found:-nobody}, not by ${keyFingerprint}"`,
    `    exit 1`,
    `  fi`,
    `  mv "$keyring.partial" "$keyring"`,
    `fi`,
    `bb-sync-file /etc/apt/sources.list.d/nvidia-container-toolkit.list - << EOF`,
    `deb [signed-by=${keyring}] ${repository}/stable/deb/amd64 /`,
    `EOF`,
    ...installLines(toolkitPackages),
    // The operator's driver lives in a directory of its own. @see GPU Operator's documentation, pre-installed toolkit
    `nvidia-ctk config --in-place --set nvidia-container-cli.root=${driver === "operator" ? "/run/nvidia/driver" : "/"}`,
  ];
}

/** Where the image's own driver (nouveau) holds the GPU, NVIDIA's gets it at the next boot. */
const driverLines = ({ driverPackages }: NvidiaNodes): readonly string[] => [
  `set -e`,
  ...installLines(driverPackages, [`modprobe nvidia || bb-flag-set reboot`]),
];

function nvidiaObjects({ pools }: DeckhouseInput, nvidia: NvidiaNodes): readonly ClusterObject[] {
  const groups = pools.filter(({ role }) => role === "gpu").map(groupName);
  const packages = { pools: groups, bundles: debianBundles, weight: weights.packages };
  const driver = { ...packages, name: "nvidia-driver.sh", lines: driverLines(nvidia) };
  const toolkit = { ...packages, name: "nvidia-toolkit.sh", lines: toolkitLines(nvidia) };
  const lines = runtimeLines(nvidia);
  const runtime = { pools: groups, bundles: ["*"], weight: weights.dropIn, name: "nvidia-runtime.sh", lines };
  return [...(nvidia.driver === "node" ? [driver] : []), ...(nvidia.toolkit === "node" ? [toolkit, runtime] : [])].map(
    configuration,
  );
}

/**
 * Trust twice: containerd 2, and 1 with Deckhouse's module registry, ask the registry's directory; containerd 1 without it
 * asks the system, and has to be started again to see that.
 */
function certificateLines({ host, ca }: RegistryCertificate): readonly string[] {
  const directory = `/etc/containerd/registry.d/${host}`;
  const system = `/usr/local/share/ca-certificates/${host.replace(/[^\w.-]/g, "-")}.crt`;
  const pem = ca.trim();
  return [
    `_on_registry_ca_changed() {`,
    `  update-ca-certificates`,
    `  bb-flag-set containerd-need-restart`,
    `}`,
    `bb-event-on 'registry-ca-changed' '_on_registry_ca_changed'`,
    `mkdir -p ${directory} /usr/local/share/ca-certificates`,
    `bb-sync-file ${directory}/ca.crt - << "EOF"`,
    pem,
    `EOF`,
    `bb-sync-file ${directory}/hosts.toml - << "EOF"`,
    `[host]`,
    `  [host."https://${host}"]`,
    `    capabilities = ["pull", "resolve"]`,
    `    ca = ["${directory}/ca.crt"]`,
    `EOF`,
    `bb-sync-file ${system} - registry-ca-changed << "EOF"`,
    pem,
    `EOF`,
  ];
}

const certificate = (one: RegistryCertificate): ClusterObject =>
  configuration({
    // By the host, so that one less in the list makes no other one anew.
    name: `registry-certificate-${one.host.replace(/[^a-z0-9.-]/g, "-")}.sh`,
    pools: ["*"],
    bundles: ["*"],
    weight: weights.certificates,
    lines: certificateLines(one),
  });

/** All of a stack's. */
export const nodeConfigurations = (input: DeckhouseInput): readonly ClusterObject[] => [
  ...(input.nvidia === undefined ? [] : nvidiaObjects(input, input.nvidia)),
  ...(input.registryCertificates ?? []).map(certificate),
];
