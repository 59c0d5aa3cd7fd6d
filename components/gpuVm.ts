import type { SitePlan } from "../plan/site";
import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import * as pulumi from "@pulumi/pulumi";
import type { VmGpu, VmPlan } from "../plan/placement/types";
import { wholeCard } from "../render/vm";
import { ownerMark } from "./leftovers";
import { ProxmoxVm, type VmSources } from "./proxmoxVm";

/** A GPU as its host was found to have it, ready for passthrough: an element of `VfioHost.gpus`. */
export interface InspectedGpu {
  /** PCI address of function 0: "0000:01:00.0". */
  readonly pci: string;
  /** Vendor and device: "10de:2204". */
  readonly id: string;
  /** Vendor and device of the card's maker: "1043:87af". */
  readonly subsystemId: string;
  readonly iommuGroup: number;
}

/** Arguments of `GpuVm`. */
export interface GpuVmArgs extends VmSources {
  /** Has at least one GPU. */
  readonly vm: VmPlan;
  readonly site: SitePlan;
  /** GPUs of its host. Waits for them: the host is ready when they are known. */
  readonly devices: pulumi.Input<readonly InspectedGpu[]>;
  /** Asks before a mapping is made whether one is left of a run that was cut off. @see leftoverHooks */
  readonly leftover: pulumi.ResourceHook;
  /** @see ProxmoxVmArgs */
  readonly protect: boolean;
}

/**
 * A VM with whole GPUs of its host: stage 2 of the bring-up. Each GPU gets a resource mapping of its own, so that an API
 * token is enough and Proxmox notices when another card is in the slot.
 */
export class GpuVm extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:GpuVm";

  /** IPv4 address. Resolves once the VM was started with its GPUs. */
  readonly address: pulumi.Output<string>;
  readonly vmid: pulumi.Output<number>;
  /** @see ProxmoxVm.machine */
  readonly machine: pulumi.Output<string>;
  private readonly vm: ProxmoxVm;

  constructor(name: string, args: GpuVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(GpuVm.type, name, {}, opts);
    const { vm, site, image, poolId, sshPublicKey, ownership, protect, after } = args;
    const mappings = vm.gpus.map((gpu) => this.map(name, args, gpu).name);
    const given = { vm, site, image, poolId, sshPublicKey, ownership, protect, after, mappings };
    this.vm = new ProxmoxVm(name, given, { parent: this });
    this.address = this.vm.address;
    this.vmid = this.vm.vmid;
    this.machine = this.vm.machine;
    this.registerOutputs({ address: this.address, vmid: this.vmid, machine: this.machine });
  }

  /** @see ProxmoxVm.resource */
  resource(): pulumi.CustomResource {
    return this.vm.resource();
  }

  private map(name: string, { vm, site, devices, leftover }: GpuVmArgs, gpu: VmGpu): proxmox.hardware.mapping.Pci {
    const found = pulumi.output(devices).apply((all) => deviceOf(all, gpu, vm.host));
    return new proxmox.hardware.mapping.Pci(
      `${name}-${gpu.pci}`,
      {
        name: gpu.mapping,
        comment: `${gpu.card} of ${vm.name}, ${ownerMark(site.stack)}`,
        maps: [
          {
            node: vm.host,
            path: wholeCard(gpu.pci),
            id: found.id,
            subsystemId: found.subsystemId,
            iommuGroup: found.iommuGroup,
          },
        ],
      },
      // The name is the mapping's identity: the provider would try to update one that is not there.
      { parent: this, replaceOnChanges: ["name"], deleteBeforeReplace: true, hooks: { beforeCreate: [leftover] } },
    );
  }
}

/** What was found of a planned GPU. @throws Error naming what is there instead */
export function deviceOf(devices: readonly InspectedGpu[], { pci, name }: VmGpu, host: string): InspectedGpu {
  const found = devices.find((device) => device.pci === pci);
  if (found !== undefined) return found;
  const there = devices.map((device) => device.pci).join(", ");
  throw new Error(
    `${host} has no GPU ${name} at ${pci}; found ${there === "" ? "none" : there}: correct hosts[*].gpus`,
  );
}
