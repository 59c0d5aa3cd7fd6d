/** What all VMs of a stack on Proxmox have in common, and how they get there. */
import { parseNetwork } from "../config/addresses";
import type { ProxmoxProfile } from "../config/schema";

/** How Proxmox's API is reached. */
export interface ApiPlan {
  /** "https://pve1.lan:8006": any host of the cluster answers for all. */
  readonly endpoint: string;
  /** PEM, trusted besides the well-known authorities. */
  readonly caCert?: string;
  readonly allowInsecureTls: boolean;
}

/** What a VM gets that is the same for all. */
export interface SitePlan {
  readonly stack: string;
  /** Storage of the VMs' disks. */
  readonly diskStorage: string;
  readonly network: {
    /** Length of the subnet's prefix (0 to 32). */
    readonly prefix: number;
    readonly gateway: string;
    /** At least one name server. */
    readonly dns: readonly string[];
    readonly bridge: string;
    /** VLAN tag; absent: untagged. */
    readonly vlan?: number;
    /** Largest packet in bytes; absent: the bridge's. */
    readonly mtu?: number;
  };
  /** User that cloud-init makes, with `sudo` and without a password. */
  readonly user: string;
}

/** The disk image with cloud-init that VMs start from, as its maker publishes it. */
export interface ImagePlan {
  /** HTTPS, of one version and not of "latest". */
  readonly url: string;
  /** Name in the storage: ends with .qcow2, .raw or .vmdk, whatever the URL ends with. */
  readonly fileName: string;
  /** Hex. */
  readonly checksum: string;
  readonly checksumAlgorithm: "sha256" | "sha512";
}

/** All about the VMs of a stack but where each of them runs. */
export interface FleetPlan {
  readonly api: ApiPlan;
  readonly site: SitePlan;
  /** Absent while `platform.image` is not set, which a plan can do without. */
  readonly image?: ImagePlan;
  /** Storage of the image. */
  readonly imageStorage: string;
  /** Whether all hosts see one copy of it. */
  readonly imageShared: boolean;
  /** Name of the Proxmox pool that is made for the VMs. */
  readonly pool: string;
  /** Node pools whose VMs refuse to be deleted. */
  readonly protectedPools: readonly string[];
}

function planSite({ stack, platform, network, cluster }: ProxmoxProfile): SitePlan {
  const { subnet, gateway, dns, bridge, vlan, mtu } = network;
  return {
    stack,
    diskStorage: platform.diskStorage,
    network: {
      // The schema lets no subnet through that cannot be read.
      prefix: parseNetwork(subnet)?.prefix ?? 32,
      gateway,
      dns,
      bridge,
      ...(vlan === undefined ? {} : { vlan }),
      ...(mtu === undefined ? {} : { mtu }),
    },
    user: cluster.sshUser,
  };
}

/** What the VMs of a stack have in common. */
export function planFleet(profile: ProxmoxProfile): FleetPlan {
  const { endpoint, caCert, allowInsecureTls, image, imageStorage, imageShared, pool } = profile.platform;
  return {
    api: { endpoint, allowInsecureTls, ...(caCert === undefined ? {} : { caCert }) },
    site: planSite(profile),
    ...(image === undefined ? {} : { image }),
    imageStorage,
    imageShared,
    pool: pool ?? `tokenrack-${profile.stack}`,
    protectedPools: profile.pools.filter(({ protect, role }) => protect ?? role === "master").map(({ name }) => name),
  };
}

/** The plugin of Proxmox's provider has no argument for a CA. */
export const caWarnings = ({ platform }: ProxmoxProfile): readonly string[] =>
  platform.caCert === undefined || platform.allowInsecureTls
    ? []
    : [
        "platform.caCert is trusted by Tokenrack alone: name a file with it in SSL_CERT_FILE for Proxmox's plugin, or add it to the system's store",
      ];
