/** The Deckhouse cluster of a stack on Proxmox: what it is made from, and where its installer runs. */
import type { HostProfile, ProxmoxPool, ProxmoxProfile } from "../config/schema";
import type { DeckhouseInput, DeckhousePool } from "./deckhouse/types";
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

/** Everything that the cluster is made from. */
export function planDeckhouse({ cluster, network, pools }: ProxmoxProfile): DeckhouseInput {
  const { kubernetesVersion, releaseChannel, edition, podSubnetCIDR, serviceSubnetCIDR, clusterDomain } = cluster;
  const { publicDomainTemplate, customTolerationKeys, registry, modules, admin, ingress, ceph } = cluster;
  const { localPaths, defaultStorageClass } = cluster;
  return {
    cluster: {
      ...{ kubernetesVersion, releaseChannel, edition, podSubnetCIDR, serviceSubnetCIDR, clusterDomain },
      ...(publicDomainTemplate === undefined ? {} : { publicDomainTemplate }),
      ...(customTolerationKeys === undefined ? {} : { customTolerationKeys }),
    },
    ...(registry === undefined ? {} : { registry }),
    nodeNetworks: [network.subnet],
    pools: pools.map(planPool),
    ssh: { user: cluster.sshUser, port: nodeSshPort },
    modules,
    cephConnections: ceph.connections,
    cephClasses: ceph.classes,
    localPaths,
    ...(defaultStorageClass === undefined ? {} : { defaultStorageClass }),
    ingress,
    users: admin === undefined ? [] : [{ ...admin, accessLevel: "SuperAdmin", portForwarding: true }],
  };
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
