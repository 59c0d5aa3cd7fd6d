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
  /** `VfioHost.settledBy` of the VM's host: a VM that starts before would be ended by the reboot. Absent where nobody readies that host. */
  readonly after?: pulumi.Resource | undefined;
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
  /**
   * Which machine it is: its id and the MAC address that Proxmox draws for each VM it makes. Another one only when the VM was
   * made anew; unknown in the preview of that.
   */
  readonly machine: pulumi.Output<string>;
  private readonly vm: proxmox.VmLegacy;

  constructor(name: string, args: ProxmoxVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ProxmoxVm.type, name, {}, opts);
    this.vm = this.make(name, args);
    this.vmid = this.vm.vmId;
    this.address = this.vm.vmId.apply(() => args.vm.address);
    this.machine = machineOf(this.vm);
    this.registerOutputs({ address: this.address, vmid: this.vmid, machine: this.machine });
  }

  /** The VM as a resource: for `deletedWith` of what is gone with it. */
  resource(): pulumi.CustomResource {
    return this.vm;
  }

  private make(name: string, args: ProxmoxVmArgs): proxmox.VmLegacy {
    const { systemDisk, networkDevice, cloudInit, hostPcis, ...given } = renderVm(args.vm, args.site);
    const { username, ...initialization } = cloudInit;
    const { ownership, after } = args;
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
        ...(after === undefined ? {} : { dependsOn: after }),
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

/**
 * Of its own network card and not of `macAddresses`, which the official provider fills with the guest's cards once an agent
 * answers: those come and go with pods. The id besides, because a preview of a new VM knows that card but not its address.
 * Not tried with the official provider: that the preview of a change in place knows the address (its schema says so).
 */
const machineOf = ({ id, networkDevices }: proxmox.VmLegacy): pulumi.Output<string> =>
  pulumi.all([id, networkDevices]).apply(([vmid, cards]) => [vmid, ...macOf(cards)].join(" "));

const macOf = ([card]: readonly proxmox.types.output.VmLegacyNetworkDevice[] = []): readonly string[] =>
  card?.macAddress === undefined ? [] : [card.macAddress.toUpperCase()];

function mappingAt({ vm, mappings }: ProxmoxVmArgs, index: number): pulumi.Input<string> {
  const mapping = mappings[index];
  if (mapping === undefined)
    throw new RangeError(`${vm.name} has ${vm.gpus.length} GPUs and ${mappings.length} mappings`);
  return mapping;
}
