import type { SitePlan } from "../plan/site";
import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import * as pulumi from "@pulumi/pulumi";
import type { VmPlan } from "../plan/placement/types";
import { renderVm } from "../render/vm";

/** What all VMs of a stack take from other resources. */
export interface VmSources {
  /** Volume of the cloud image on the VM's host: `CloudImages.on(host)`. */
  readonly image: pulumi.Input<string>;
  /** Proxmox pool. */
  readonly poolId: pulumi.Input<string>;
  /** Public key that opens the VM over SSH, one line. */
  readonly sshPublicKey: pulumi.Input<string>;
  /** Asks before each change whether the VM is ours. @see ownershipHook */
  readonly ownership: pulumi.ResourceHook;
}

/** Arguments of `ProxmoxVm`. */
export interface ProxmoxVmArgs extends VmSources {
  readonly vm: VmPlan;
  readonly site: SitePlan;
  /** Names of PCI mappings, one for each GPU of the VM, in its order. */
  readonly mappings: readonly pulumi.Input<string>[];
  /** Refuses to be deleted until that is taken back: for what holds data, such as etcd. */
  readonly protect: boolean;
}

/**
 * One VM on a Proxmox host. Never touches a VM with its id that is not its own.
 *
 * Changes that need a restart wait for the next one; another host, id or EFI type makes the VM anew, the old one first.
 */
export class ProxmoxVm extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ProxmoxVm";

  /** IPv4 address. Resolves once the VM was started. */
  readonly address: pulumi.Output<string>;
  readonly vmid: pulumi.Output<number>;

  constructor(name: string, args: ProxmoxVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ProxmoxVm.type, name, {}, opts);
    const vm = this.make(name, args);
    this.vmid = vm.vmId;
    this.address = vm.vmId.apply(() => args.vm.address);
    this.registerOutputs({ address: this.address, vmid: this.vmid });
  }

  private make(name: string, args: ProxmoxVmArgs): proxmox.VmLegacy {
    const { systemDisk, networkDevice, cloudInit, hostPcis, ...given } = renderVm(args.vm, args.site);
    const { username, ...initialization } = cloudInit;
    const { ownership } = args;
    return new proxmox.VmLegacy(
      `${name}-vm`,
      {
        ...given,
        poolId: args.poolId,
        disks: [{ ...systemDisk, importFrom: args.image }],
        networkDevices: [networkDevice],
        initialization: { ...initialization, userAccount: { username, keys: [args.sshPublicKey] } },
        hostpcis: hostPcis.map((device, index) => ({ ...device, mapping: mappingAt(args, index) })),
      },
      {
        parent: this,
        protect: args.protect,
        // One GPU is in one VM, and an id is given once: the old one goes first.
        deleteBeforeReplace: true,
        ignoreChanges: [
          // The provider fills this in by default and reads nothing back: without, every preview shows a change.
          "disks[0].speed",
          // The image is read once, when the disk is made: a newer one is for new VMs.
          "disks[0].importFrom",
        ],
        hooks: { beforeCreate: [ownership], beforeUpdate: [ownership], beforeDelete: [ownership] },
      },
    );
  }
}

function mappingAt({ vm, mappings }: ProxmoxVmArgs, index: number): pulumi.Input<string> {
  const mapping = mappings[index];
  if (mapping === undefined)
    throw new RangeError(`${vm.name} has ${vm.gpus.length} GPUs and ${mappings.length} mappings`);
  return mapping;
}
