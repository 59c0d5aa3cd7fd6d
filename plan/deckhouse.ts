/** The Deckhouse cluster of a stack on Proxmox: what it is made from, and where its installer runs. */
import { ownIssuers } from "../catalog/deckhouse";
import type { DeckhouseProfile, HostProfile, ProxmoxPool, ProxmoxProfile } from "../config/schema";
import { planNvidia } from "./deckhouse/nvidia";
import type { DeckhouseCluster, DeckhouseInput, DeckhousePool, Proxy } from "./deckhouse/types";
import { sshOf, type HostSsh } from "./hosts";
import type { Placement } from "./placement/types";

/** The port of sshd on the VMs: cloud images know no other. */
const nodeSshPort = 22;

/** Where and how Deckhouse is installed. */
export interface BootstrapPlan {
  /** What runs the installer's image; auto: docker, else podman. */
  readonly engine: "auto" | "docker" | "podman";
  /** Where the installer keeps its state. */
  readonly stateDirectory: string;
  /** Host that the installer runs on; absent: this machine. */
  readonly host?: HostSsh;
  /** The first master, on which the installer works. */
  readonly master: {
    /** Name of its VM. */
    readonly name: string;
    readonly address: string;
    /** Its public host key as one line, where the stack names one. */
    readonly hostKey?: string;
  };
  /** The Proxmox host of the first master: it asks for the master's host key where the stack names none. */
  readonly masterHost: HostSsh;
}

const planPool = ({ name, role, nodes, labels, taint }: ProxmoxPool): DeckhousePool => ({
  name,
  role,
  nodes: nodes.map((node) => ({ name: node.name, address: node.address })),
  labels,
  taints: taint === undefined ? [] : [taint],
});

/** With the nodes' own network: what they ask of each other never goes through the proxy. */
const planProxy = ({ proxy }: DeckhouseProfile, subnet: string): Proxy | undefined =>
  proxy === undefined ? undefined : { ...proxy, noProxy: [...new Set([...proxy.noProxy, subnet])] };

function planCluster(profile: DeckhouseProfile, subnet: string): DeckhouseCluster {
  const { kubernetesVersion, releaseChannel, edition, podSubnetCIDR, serviceSubnetCIDR, clusterDomain } = profile;
  const { publicDomainTemplate, customTolerationKeys, defaultCRI: defaultCri } = profile;
  const proxy = planProxy(profile, subnet);
  return {
    ...{ kubernetesVersion, releaseChannel, edition, podSubnetCIDR, serviceSubnetCIDR, clusterDomain, defaultCri },
    ...(publicDomainTemplate === undefined ? {} : { publicDomainTemplate }),
    ...(customTolerationKeys === undefined ? {} : { customTolerationKeys }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** Everything that the cluster is made from. */
export function planDeckhouse({ cluster, network, pools: profiles, ingress: api }: ProxmoxProfile): DeckhouseInput {
  const { registry, registryCertificates, modules, users, ingress, ceph, localPaths, defaultStorageClass } = cluster;
  const { internalCa, publishAPI: publishApi, sshUser } = cluster;
  const pools = profiles.map(planPool);
  const nvidia = planNvidia(cluster, pools);
  return {
    cluster: planCluster(cluster, network.subnet),
    ...(registry === undefined ? {} : { registry }),
    registryCertificates,
    nodeNetworks: [network.subnet],
    pools,
    ssh: { user: sshUser, port: nodeSshPort },
    modules,
    cephConnections: ceph.connections,
    cephClasses: ceph.classes,
    localPaths,
    ...(defaultStorageClass === undefined ? {} : { defaultStorageClass }),
    ingress,
    ...(internalCa === undefined ? {} : { internalCa }),
    letsEncrypt: internalCa === undefined || (api.tlsIssuer ?? "").startsWith("letsencrypt"),
    users,
    publishApi,
    ...(nvidia === undefined ? {} : { nvidia }),
  };
}

/** What the user should know of the cluster; nothing that stops the bring-up. */
export function deckhouseWarnings({ cluster, ingress }: ProxmoxProfile): readonly string[] {
  const { tlsIssuer } = ingress;
  const made = [...ownIssuers, ...(cluster.internalCa === undefined ? [] : [cluster.internalCa.name])];
  if (tlsIssuer === undefined || made.includes(tlsIssuer)) return [];
  return [
    `ingress.tlsIssuer is ${tlsIssuer}, which neither Deckhouse nor cluster.internalCa makes: without one by that name the API gets no certificate`,
  ];
}

/**
 * Where and how the cluster is installed.
 * @param placement of the same profile, complete
 * @throws RangeError when it has no master, which no profile without a fault has
 */
export function planBootstrap({ cluster, hosts }: ProxmoxProfile, { vms }: Placement): BootstrapPlan {
  const { engine, stateDirectory, host } = cluster.bootstrap;
  const { masterHostKey: hostKey } = cluster;
  const master = vms.find(({ role }) => role === "master");
  const under = hosts.find(({ name }: HostProfile) => name === master?.host);
  if (master === undefined || under === undefined) throw new RangeError("no master was placed");
  const { name, address } = master;
  return {
    engine,
    stateDirectory,
    ...(host === undefined ? {} : { host: sshOf(host) }),
    master: { name, address, ...(hostKey === undefined ? {} : { hostKey }) },
    masterHost: sshOf(under),
  };
}
