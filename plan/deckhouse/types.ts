/** What a Deckhouse cluster is rendered from: plain data, a slice of the Plan. */
import type { AccessLevel, ModuleName } from "../../catalog/deckhouse";

export type { ModuleName } from "../../catalog/deckhouse";

/** A taint of a pool's nodes. */
export interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** One machine that becomes a node: its hostname in lower case and its IPv4 address. */
export interface DeckhouseNode {
  readonly name: string;
  readonly address: string;
  /** Labels of its StaticInstance, where they are not the pool's. @default the pool's selector */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** One node pool, which is one NodeGroup. */
export interface DeckhousePool {
  /** Name of the NodeGroup: at most 42 of `[a-z0-9-]`; the pool of masters is always the NodeGroup `master`. */
  readonly name: string;
  readonly role: "master" | "system" | "worker" | "gpu";
  /** Machines in the order of the plan. Of the masters the first one is where the installer works. */
  readonly nodes: readonly DeckhouseNode[];
  /** Nodes of the NodeGroup. @default as many as `nodes` */
  readonly count?: number | undefined;
  /** Labels of the Kubernetes nodes, besides the pool's own. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly taints?: readonly Taint[] | undefined;
  /** Which StaticInstances belong to it; immutable once made. @default `tokenrack.io/pool: <name>` */
  readonly selector?: Readonly<Record<string, string>> | undefined;
}

/** Containerd is containerd 1, ContainerdV2 is containerd 2 (cgroup v2, systemd 244 and erofs needed). */
export type Cri = "Containerd" | "ContainerdV2";

/** The cluster itself. */
export interface DeckhouseCluster {
  /** "Automatic", or a minor version like "1.34". */
  readonly kubernetesVersion: string;
  readonly releaseChannel: "Alpha" | "Beta" | "EarlyAccess" | "Stable" | "RockSolid";
  readonly edition: "CE" | "BE" | "SE" | "SE-plus" | "EE";
  readonly podSubnetCIDR: string;
  readonly serviceSubnetCIDR: string;
  readonly clusterDomain: string;
  /** Like "%s.k8s.my.org"; absent while it is not known. */
  readonly publicDomainTemplate?: string | undefined;
  /** Taint keys that the platform's own pods tolerate. @default those of all pools */
  readonly customTolerationKeys?: readonly string[] | undefined;
  /** Container runtime of all nodes. */
  readonly defaultCri: Cri;
  /** Way out to the internet. @default none is needed */
  readonly proxy?: Proxy | undefined;
}

/** The nodes' way out to the internet: at least one of the first two. */
export interface Proxy {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** What is reached directly; the pods' and services' networks Deckhouse adds by itself. */
  readonly noProxy: readonly string[];
}

/** Where Deckhouse's images come from, where it is not its public registry. */
export interface Registry {
  /** Repository of the edition. @default "registry.deckhouse.io/deckhouse/<edition>" */
  readonly imagesRepo?: string | undefined;
  /** @default "HTTPS" */
  readonly scheme?: "HTTP" | "HTTPS" | undefined;
  /** PEM of the CA of a registry of one's own. */
  readonly ca?: string | undefined;
  /** Who fetches images: the nodes by the real address, or by a fixed one that Deckhouse rewrites. @default "Unmanaged" */
  readonly mode?: "Unmanaged" | "Direct" | undefined;
  /** Exact version "v1.74.3" instead of the channel; before 1.75 registry access goes into InitConfiguration. */
  readonly version?: string | undefined;
}

/** One Ceph user's way into a Ceph cluster; its key is the secret `ceph-<name>`. */
export interface CephConnection {
  readonly name: string;
  /** `ceph fsid`. */
  readonly clusterId: string;
  /** Like "192.168.2.3:6789". */
  readonly monitors: readonly string[];
  /** Without "client.". */
  readonly user: string;
}

/** A storage class on Ceph: a pool (RBD) or a file system (CephFS). */
export type CephClass = {
  readonly name: string;
  readonly connection: string;
  /** @default "Delete" */
  readonly reclaimPolicy?: "Delete" | "Retain" | undefined;
} & (
  | { readonly type: "RBD"; readonly pool: string; readonly fsType?: string | undefined }
  | { readonly type: "CephFS"; readonly fileSystem: string }
);

/** Storage on a directory of the nodes. */
export interface LocalPath {
  readonly name: string;
  readonly path: string;
  /** Pools by name. @default all */
  readonly pools?: readonly string[] | undefined;
  /** @default "Delete" */
  readonly reclaimPolicy?: "Delete" | "Retain" | undefined;
}

/** An ingress controller behind an address of MetalLB. */
export interface IngressController {
  readonly name: string;
  readonly ingressClass: string;
  /** Range like "192.168.3.70-192.168.3.100". */
  readonly addresses: string;
  /** The one address of it that clients use. @default the range's first free one */
  readonly address?: string | undefined;
  /** Labels of the nodes it runs and answers on. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** @default 2 */
  readonly replicas?: number | undefined;
  /** Kills its pods at random; refused here. */
  readonly chaosMonkey?: boolean | undefined;
}

/** A user of the platform's pages and of the API; the bcrypt hash of the password is the secret `password-<name>`. */
export interface PlatformUser {
  readonly name: string;
  readonly email: string;
  readonly accessLevel: AccessLevel;
  /** @default false */
  readonly portForwarding?: boolean | undefined;
}

/** Who installs NVIDIA's driver and container toolkit on the GPU nodes, and where containerd is told of the toolkit. */
export interface NvidiaNodes {
  /** `operator`: NVIDIA's GPU Operator, in a container. `node`: Deckhouse, by packages of the node. */
  readonly driver: "operator" | "node";
  /** Packages of the driver by name and exact version, for `node`. */
  readonly driverPackages: readonly string[];
  readonly toolkit: "operator" | "node";
  /** Major version of containerd on the GPU nodes. */
  readonly containerd: 1 | 2;
  /**
   * File that tells containerd of the runtime `nvidia`; its directory is the one that Deckhouse merges into containerd's own
   * configuration. Whoever installs the toolkit writes it.
   */
  readonly dropIn: string;
  /** Whether pods get that runtime without asking by runtimeClassName. */
  readonly defaultRuntime: boolean;
}

/** A registry whose certificate the nodes have to trust. */
export interface RegistryCertificate {
  /** "gitlab.my.org:5050". */
  readonly host: string;
  /** PEM. */
  readonly ca: string;
}

/** A CA of one's own as ClusterIssuer. */
export interface InternalCa {
  /** Name of the ClusterIssuer. */
  readonly name: string;
  /** PEM of its certificate, whose key is the secret `ca-<name>`; absent: cert-manager makes both in the cluster. */
  readonly certificate?: string | undefined;
}

/** Tolerations of what is going to run there, for the cross-checks. */
export interface Workload {
  /** Where they stand: "serving.tolerations". */
  readonly path: string;
  readonly pools: readonly string[];
  readonly tolerations: readonly {
    readonly key?: string;
    readonly operator?: "Exists" | "Equal";
    readonly value?: string;
    readonly effect?: string;
  }[];
}

/** Everything a Deckhouse cluster is made from. No secret is in here, only names of secrets. */
export interface DeckhouseInput {
  readonly cluster: DeckhouseCluster;
  readonly registry?: Registry | undefined;
  /** Networks that the nodes are in. */
  readonly nodeNetworks: readonly string[];
  readonly pools: readonly DeckhousePool[];
  /** How Deckhouse reaches the nodes that it adds. */
  readonly ssh: { readonly user: string; readonly port: number };
  /** Modules switched by hand. @default on where something here needs them */
  readonly modules?: Readonly<Partial<Record<ModuleName, boolean | undefined>>> | undefined;
  readonly cephConnections?: readonly CephConnection[] | undefined;
  readonly cephClasses?: readonly CephClass[] | undefined;
  readonly localPaths?: readonly LocalPath[] | undefined;
  /** @default the first RBD class, then the first local path */
  readonly defaultStorageClass?: string | undefined;
  readonly ingress?: readonly IngressController[] | undefined;
  /** Ingress class of the platform's own pages. @default the first controller's */
  readonly platformIngressClass?: string | undefined;
  /** ClusterIssuer of the platform's pages. @default the internal CA's, then none (Deckhouse's own) */
  readonly platformIssuer?: string | undefined;
  readonly internalCa?: InternalCa | undefined;
  /** Whether something asks Let's Encrypt for certificates. @default whether there is no CA of one's own */
  readonly letsEncrypt?: boolean | undefined;
  /** Whether users reach the API by a public name. @default false */
  readonly publishApi?: boolean | undefined;
  readonly users?: readonly PlatformUser[] | undefined;
  /** Absent without a pool of GPUs. */
  readonly nvidia?: NvidiaNodes | undefined;
  readonly registryCertificates?: readonly RegistryCertificate[] | undefined;
  readonly workloads?: readonly Workload[] | undefined;
}
