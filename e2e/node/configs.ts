/** What the programs of a rack are told: files and command lines. */
import * as path from "node:path";
import { pauseReference } from "../images/recipes";
import type { Ranges } from "./ranges";
import type { RackNode } from "./rack";

/** Where everything of a node is. */
export interface NodePlace {
  readonly node: RackNode;
  /** In the rack's directory: containers, volumes, logs of pods. */
  readonly directory: string;
  /** In the rack's own /run: sockets. */
  readonly run: string;
  readonly address: string;
  readonly pods: string;
  /** Its group below the rack's: "/<mark>/<node>". */
  readonly cgroup: string;
}

export const containerdSocket = ({ run }: NodePlace): string => path.join(run, "containerd.sock");

/** Runtime classes that a GPU Operator would have configured: here, too, they lead to the only runtime. */
const runtimes = ["runc", "nvidia"];

/**
 * @see containerd 1.6, docs/cri/config.md
 */
export function containerdConfig(place: NodePlace): string {
  const { directory, run } = place;
  const text = (value: string): string => JSON.stringify(value);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    "version = 2",
    `root = ${text(path.join(directory, "containerd"))}`,
    `state = ${text(path.join(run, "containerd"))}`,
    // What looks for devices and file systems that are not there.
    `disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]`,
    "[grpc]",
    `address = ${text(containerdSocket(place))}`,
    "[ttrpc]",
    `address = ${text(path.join(run, "containerd.ttrpc.sock"))}`,
    '[plugins."io.containerd.internal.v1.opt"]',
    `path = ${text(path.join(directory, "opt"))}`,
    `[${cri}]`,
    `sandbox_image = ${text(pauseReference)}`,
    // Inside another container nobody may make a process less likely to be killed.
    "restrict_oom_score_adj = true",
    "netns_mounts_under_state_dir = true",
    `[${cri}.cni]`,
    'bin_dir = "/usr/lib/cni"',
    `conf_dir = ${text(path.join(directory, "cni"))}`,
    `[${cri}.containerd]`,
    'snapshotter = "overlayfs"',
    'default_runtime_name = "runc"',
    ...runtimes.flatMap((name) => [
      `[${cri}.containerd.runtimes.${name}]`,
      'runtime_type = "io.containerd.runc.v2"',
      `[${cri}.containerd.runtimes.${name}.options]`,
      "SystemdCgroup = false",
    ]),
    "",
  ].join("\n");
}

/** Every pod has a cable of its own and no bridge: all that goes between pods is routed, and passes the rules of Services. */
export const cniConfig = ({ pods, run }: NodePlace): string =>
  JSON.stringify({
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: {
          type: "host-local",
          dataDir: path.join(run, "addresses"),
          ranges: [[{ subnet: pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });

/** @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export const kubeletConfig = (place: NodePlace, dns: string): string =>
  JSON.stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: place.address,
    healthzBindAddress: place.address,
    readOnlyPort: 0,
    // Only what runs in the rack reaches it.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: place.cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [dns],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket(place)}`,
    podLogsDir: path.join(place.directory, "pod-logs"),
    volumePluginDir: path.join(place.directory, "volume-plugins"),
    resolvConf: path.join(place.directory, "resolv.conf"),
    // The machine's disk is not the rack's: neither are images removed nor pods evicted because it is full.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "0%", "imagefs.available": "0%" },
    registerWithTaints: place.node.taints.map(({ key, value = "", effect }) => ({ key, value, effect })),
    serializeImagePulls: false,
    // A node of a test is looked at from outside, all the time.
    nodeStatusUpdateFrequency: "5s",
    syncFrequency: "10s",
    // By default changes of a ConfigMap arrive after a minute and more.
    configMapAndSecretChangeDetectionStrategy: "Watch",
  });

export function kubeletFlags({ node, directory, address }: NodePlace, kubeconfig: string): readonly string[] {
  const labels = Object.entries(node.labels).map(([name, value]) => `${name}=${value}`);
  return [
    `--config=${path.join(directory, "kubelet.json")}`,
    `--kubeconfig=${kubeconfig}`,
    `--root-dir=${path.join(directory, "kubelet")}`,
    `--cert-dir=${path.join(directory, "kubelet", "pki")}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${address}`,
    ...(labels.length === 0 ? [] : [`--node-labels=${labels.join(",")}`]),
  ];
}

/** One for all nodes, as they share a network namespace. @param node whose name it goes by */
export const proxyFlags = (kubeconfig: string, node: string, { pods }: Ranges): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  "--proxy-mode=iptables",
  `--hostname-override=${node}`,
  `--cluster-cidr=${pods}`,
  "--metrics-bind-address=127.0.0.1:10249",
  "--healthz-bind-address=127.0.0.1:10256",
  // The limits of the whole machine stay as they are.
  "--conntrack-max-per-core=0",
  "--conntrack-min=0",
  "--conntrack-tcp-timeout-established=0s",
  "--conntrack-tcp-timeout-close-wait=0s",
];

export const schedulerFlags = (kubeconfig: string): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  "--leader-elect=false",
  "--secure-port=0",
];

/** Names of the cluster only: what is outside does not exist in here. */
export const coreFile = (kubeconfig: string, address: string): string => `.:53 {
  bind ${address}
  errors
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig ${JSON.stringify(kubeconfig)}
    ttl 5
  }
  cache 5
}
`;
