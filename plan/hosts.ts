/** Which hosts are made ready for GPU passthrough, in which order they may reboot, and what is allowed there. */
import type { HostProfile, ProxmoxProfile } from "../config/schema";
import type { Placement } from "./placement/types";

/** One GPU to pass through. */
export interface VfioGpu {
  /** PCI address, function 0: "0000:65:00.0". */
  readonly pci: string;
  /** Name of the VM that gets it; GPUs of one VM may share an IOMMU group. Absent for a spare one. */
  readonly vm?: string;
}

/** One host to prepare: a slice of the Plan. */
export interface VfioHostPlan {
  /** Name of the host in the Proxmox cluster. */
  readonly name: string;
  /** At least one. */
  readonly gpus: readonly VfioGpu[];
  /** Splits IOMMU groups by `pcie_acs_override`, which weakens isolation between devices. */
  readonly acsOverride: boolean;
  /** Takes a GPU even where it is the display that the host starts with. */
  readonly allowPrimaryGpu: boolean;
  /** Consent to a reboot where the host needs one. */
  readonly reboot: "never" | "ifNeeded";
  /** Puts the host's own files back when the stack is destroyed. */
  readonly restoreHost: boolean;
  /** Seconds to wait for quorum and for Ceph's HEALTH_OK before the reboot, and for quorum after it. */
  readonly settleSeconds: number;
  /** Seconds between the end of the session that asks for a reboot and the reboot. */
  readonly lingerSeconds: number;
}

/** How a host is reached over SSH. */
export interface HostSsh {
  readonly address: string;
  readonly user: string;
  readonly port: number;
  /** The host's public key as one line; planning does without, bringing up does not. */
  readonly hostKey?: string;
}

/** One host with GPUs. */
export interface HostPlan {
  readonly vfio: VfioHostPlan;
  readonly ssh: HostSsh;
  /** Host that has to be back, with quorum, before this one may reboot: they are of one cluster. Absent for the first. */
  readonly after?: string;
}

/** How a host of the stack is reached. */
export function sshOf({ address, ssh }: Pick<HostProfile, "address" | "ssh">): HostSsh {
  const { user, port, hostKey } = ssh;
  return { address, user, port, ...(hostKey === undefined ? {} : { hostKey }) };
}

/** Ceph notes a host that is back within seconds and then moves data for minutes; ten of them are a fault to look at. */
const settleSeconds = 600;

/** Long enough for the session to close, short enough to be nothing. */
const lingerSeconds = 2;

/**
 * The hosts of the stack that have GPUs, in its order. All are of one Proxmox cluster, so that only one reboots at a
 * time; one that may not reboot holds up no other.
 */
export function planHosts({ hosts }: ProxmoxProfile, { vms }: Placement): readonly HostPlan[] {
  const vmOf = new Map(vms.flatMap((vm) => vm.gpus.map(({ pci }) => [`${vm.host} ${pci}`, vm.name] as const)));
  let last: string | undefined;
  return hosts
    .filter(({ gpus }) => gpus.length > 0)
    .map((host) => {
      const { name, acsOverride, allowPrimaryGpu, reboot, restoreHost } = host;
      const gpus = host.gpus.map(({ pci }) => {
        const vm = vmOf.get(`${name} ${pci}`);
        return vm === undefined ? { pci } : { pci, vm };
      });
      const after = reboot === "ifNeeded" ? last : undefined;
      if (reboot === "ifNeeded") last = name;
      return {
        vfio: { name, gpus, acsOverride, allowPrimaryGpu, reboot, restoreHost, settleSeconds, lingerSeconds },
        ssh: sshOf(host),
        ...(after === undefined ? {} : { after }),
      };
    });
}
