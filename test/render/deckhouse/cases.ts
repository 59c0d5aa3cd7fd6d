/** Clusters to render: the homelab, a small one, and the article's values as they are. */
import type { DeckhouseInput, DeckhousePool } from "../../../render/deckhouse";

const metallbLabel = { "node-role.deckhouse.io/metallb": "" };

const numbered = (prefix: string, addresses: readonly string[]) =>
  addresses.map((address, index) => ({ name: `${prefix}-${index + 1}`, address }));

const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `192.168.3.${from + index}`);

const pool = (
  name: string,
  role: DeckhousePool["role"],
  addresses: readonly string[],
  rest: Partial<DeckhousePool> = {},
): DeckhousePool => ({ name, role, nodes: numbered(name, addresses), ...rest });

const gpuTaint = { key: "dedicated.homelab", value: "w-gpu", effect: "NoExecute" } as const;
const plainLabels = { ...metallbLabel, "nvidia.com/gpu.deploy.operands": "false" };

export const certificate = "-----BEGIN CERTIFICATE-----\nMIIBnotreal\n-----END CERTIFICATE-----\n";

/** Everything on: Enterprise Edition, Ceph, two controllers, users, a CA, NVIDIA on both versions of containerd. */
export const homelab: DeckhouseInput = {
  cluster: {
    kubernetesVersion: "Automatic",
    releaseChannel: "Stable",
    edition: "EE",
    podSubnetCIDR: "10.111.0.0/16",
    serviceSubnetCIDR: "10.222.0.0/16",
    clusterDomain: "cluster.local",
    publicDomainTemplate: "%s.k8s.my.org",
    defaultCri: "Containerd",
    proxy: { httpsProxy: "http://proxy.my.org:3128", noProxy: ["my.org", "192.168.2.0/23"] },
  },
  nodeNetworks: ["192.168.2.0/23"],
  pools: [
    pool("master", "master", range(51, 53)),
    pool("w-std", "system", [...range(61, 63), ...range(57, 59)], { labels: plainLabels }),
    pool("w-db", "worker", range(67, 69), {
      labels: { ...plainLabels, "storage-type/localpath-db": "" },
      taints: [{ key: "dedicated.homelab", value: "w-db", effect: "NoExecute" }],
    }),
    pool("w-gpu", "gpu", ["192.168.3.54", "192.168.3.55", "192.168.3.60"], { taints: [gpuTaint] }),
    pool("w-gpu-3060", "gpu", ["192.168.3.56"], { taints: [gpuTaint] }),
  ],
  ssh: { user: "tokenrack", port: 22 },
  modules: {
    console: true,
    "multitenancy-manager": true,
    "operator-trivy": true,
    "runtime-audit-engine": true,
  },
  cephConnections: [
    {
      name: "pve-rbd",
      clusterId: "014df517-39d1-4453-b7b3-9930c563627c",
      monitors: ["192.168.2.3:6789", "192.168.2.5:6789", "192.168.2.21:6789"],
      user: "k8s.main",
    },
    {
      name: "pve-fs",
      clusterId: "014df517-39d1-4453-b7b3-9930c563627c",
      monitors: ["192.168.2.3:6789", "192.168.2.5:6789", "192.168.2.21:6789"],
      user: "fs.k8s.main",
    },
  ],
  cephClasses: [
    { name: "ceph-rbd-sc", connection: "pve-rbd", type: "RBD", pool: "rbd-k8s-main-nvme" },
    { name: "ceph-fs-sc", connection: "pve-fs", type: "CephFS", fileSystem: "cephfs" },
  ],
  localPaths: [{ name: "localpath-db", path: "/data/zdata-relational", pools: ["w-db"] }],
  ingress: [
    {
      name: "internal",
      ingressClass: "system-ingress",
      addresses: "192.168.3.70-192.168.3.100",
      address: "192.168.3.70",
      nodeSelector: metallbLabel,
      replicas: 3,
    },
    {
      name: "public",
      ingressClass: "external-ingress",
      addresses: "192.168.3.210-192.168.3.220",
      address: "192.168.3.220",
      nodeSelector: metallbLabel,
    },
  ],
  internalCa: { name: "inter-ca", certificate },
  users: [{ name: "admin", email: "admin@k8s.my.org", accessLevel: "SuperAdmin", portForwarding: true }],
  nvidia: {
    ...{ driver: "operator", driverPackages: [], toolkit: "node", defaultRuntime: false },
    ...{ containerd: 1, dropIn: "/etc/containerd/conf.d/99-nvidia.toml" },
  },
  registryCertificates: [{ host: "gitlab.my.org:5050", ca: certificate }],
  workloads: [
    {
      path: "serving.tolerations",
      pools: ["w-gpu", "w-gpu-3060"],
      tolerations: [{ key: "dedicated.homelab", operator: "Exists" }],
    },
  ],
};

/** The least: Community Edition, one master, one pool of GPUs, containerd 2; the node installs NVIDIA's driver, a CA is made. */
export const small: DeckhouseInput = {
  cluster: { ...homelab.cluster, edition: "CE", defaultCri: "ContainerdV2", proxy: undefined },
  nodeNetworks: ["192.168.2.0/23"],
  pools: [pool("masters", "master", ["192.168.3.51"]), pool("gpu", "gpu", ["192.168.3.54"])],
  ssh: { user: "root", port: 2222 },
  internalCa: { name: "made-ca" },
  nvidia: {
    ...{ driver: "node", toolkit: "node", defaultRuntime: true },
    driverPackages: ["nvidia-driver-580-server=580.105.08-0ubuntu0.24.04.1"],
    ...{ containerd: 2, dropIn: "/etc/containerd/conf2.d/99-nvidia.toml" },
  },
};

const articleTaint = (value: string) => ({ key: "dedicated.example.com", value, effect: "NoExecute" }) as const;
const articleNode = (name: string, address: string, type: string) => ({
  name: `${name}.example.com`,
  address,
  labels: { role: "worker", type },
});
const articlePool = (
  name: string,
  role: DeckhousePool["role"],
  type: string,
  count: number,
  nodes: readonly (readonly [string, string])[],
): DeckhousePool => ({
  name,
  role,
  count,
  selector: { role: "worker", type },
  nodes: nodes.map(([node, address]) => articleNode(node, address, type)),
});

/** The values of the article's config.yml, resources.yml and of its Helm values: nothing put right. */
export const article: DeckhouseInput = {
  cluster: {
    ...homelab.cluster,
    publicDomainTemplate: "%s.k8s.example.com",
    customTolerationKeys: ["dedicated.example.com"],
  },
  nodeNetworks: ["192.168.2.0/23"],
  pools: [
    pool("master", "master", ["192.168.3.51"]),
    {
      ...articlePool("w-gpu", "gpu", "w-gpu", 2, [
        ["k8s-w1-gpu", "192.168.3.54"],
        ["k8s-w2-gpu", "192.168.3.55"],
        ["k8s-w4-gpu", "192.168.3.60"],
      ]),
      taints: [articleTaint("w-gpu")],
    },
    {
      ...articlePool("w-gpu-3060", "gpu", "w-gpu-3060", 2, [["k8s-w3-gpu", "192.168.3.56"]]),
      taints: [articleTaint("w-gpu")],
    },
    {
      ...articlePool("w-std", "system", "standard", 6, [
        ["k8s-w1", "192.168.3.61"],
        ["k8s-w2", "192.168.3.62"],
        ["k8s-w3", "192.168.3.63"],
        ["k8s-w4", "192.168.3.57"],
        ["k8s-w5", "192.168.3.58"],
        ["k8s-w6", "192.168.3.59"],
      ]),
      labels: metallbLabel,
    },
    {
      ...articlePool("w-db", "worker", "w-db", 3, [
        ["k8s-w1-db", "192.168.3.67"],
        ["k8s-w2-db", "192.168.3.68"],
        ["k8s-w3-db", "192.168.3.69"],
      ]),
      labels: metallbLabel,
      taints: [articleTaint("w-db")],
    },
  ],
  ssh: { user: "caps", port: 22 },
  cephConnections: [
    {
      name: "ceph-cluster-pve",
      clusterId: "<id cluster>",
      monitors: ["192.168.2.3:6789", "192.168.2.5:6789", "192.168.2.21:6789"],
      user: "k8s.main",
    },
  ],
  cephClasses: [{ name: "ceph-rbd-sc", connection: "ceph-cluster-pve", type: "RBD", pool: "rbd-k8s-main-nvme" }],
  localPaths: [{ name: "localpath-db-rel", path: "/data/zdata-relational", pools: ["w-db"] }],
  defaultStorageClass: "ceph-rbd-sc",
  ingress: (homelab.ingress ?? []).map((one) => ({ ...one, chaosMonkey: true })),
  workloads: [
    // kube-ray/ray-cluster and gpu-operator: the taint's key of another organisation.
    {
      path: "serving.tolerations",
      pools: ["w-gpu", "w-gpu-3060"],
      tolerations: [{ key: "dedicated.apiac.ru", operator: "Equal", value: "w-gpu", effect: "NoExecute" }],
    },
  ],
};
