import type { ImagePlan, SitePlan } from "../plan/site";
import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import * as pulumi from "@pulumi/pulumi";
import type { Placement } from "../plan/placement/types";
import { CloudImages } from "./cloudImages";
import { GpuVm, type InspectedGpu } from "./gpuVm";
import { ownerMark, type LeftoverHooks } from "./leftovers";
import { ProxmoxVm } from "./proxmoxVm";

/** Arguments of `VmFleet`. */
export interface VmFleetArgs {
  readonly placement: Placement;
  readonly site: SitePlan;
  readonly image: ImagePlan;
  /** Storage of the image, with content type `import`. */
  readonly imageStorage: string;
  /** Whether all hosts see one copy of it. */
  readonly imageShared: boolean;
  /** Name of the Proxmox pool that is made for the VMs. */
  readonly pool: string;
  /** Public key that opens the VMs over SSH, one line. */
  readonly sshPublicKey: pulumi.Input<string>;
  /** Ready GPUs by host. */
  readonly devices: Readonly<Record<string, pulumi.Input<readonly InspectedGpu[]>>>;
  /** `VfioHost.settledBy` by host: the image and the VMs of a host wait for it. Nothing on a host that is not here waits. */
  readonly settled: Readonly<Record<string, pulumi.Resource>>;
  /** Names of node pools whose VMs refuse to be deleted. */
  readonly protectedPools: readonly string[];
  /** Looks whose a VM is before it is touched (`ownershipHook`). */
  readonly ownership: pulumi.ResourceHook;
  readonly leftovers: LeftoverHooks;
}

/** All VMs of a stack. They are made side by side: each waits for its own host where that may reboot, none for another VM. */
export class VmFleet extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:VmFleet";

  /** IPv4 address by VM name. Each resolves once its VM was started. */
  readonly addresses: Readonly<Record<string, pulumi.Output<string>>>;
  /** By VM name: which machine it is. Another one only when the VM was made anew. @see ProxmoxVm.machine */
  readonly machines: Readonly<Record<string, pulumi.Output<string>>>;
  private readonly vms: ReadonlyMap<string, ProxmoxVm | GpuVm>;

  constructor(name: string, args: VmFleetArgs, opts?: pulumi.ComponentResourceOptions) {
    super(VmFleet.type, name, {}, opts);
    const images = this.provideImages(name, args);
    const pool = this.makePool(name, args);
    const made = args.placement.vms.map((vm) => {
      const { site, sshPublicKey, ownership } = args;
      const protect = args.protectedPools.includes(vm.pool);
      const sources = { image: images.on(vm.host), poolId: pool.poolId, after: args.settled[vm.host] };
      const given = { vm, site, sshPublicKey, ownership, protect, ...sources };
      const gpus = { devices: args.devices[vm.host] ?? [], leftover: args.leftovers.mapping };
      return [
        vm.name,
        vm.gpus.length === 0
          ? new ProxmoxVm(vm.name, { ...given, mappings: [] }, { parent: this })
          : new GpuVm(vm.name, { ...given, ...gpus }, { parent: this }),
      ] as const;
    });
    this.vms = new Map(made);
    this.addresses = Object.fromEntries(made.map(([key, { address }]) => [key, address]));
    this.machines = Object.fromEntries(made.map(([key, { machine }]) => [key, machine]));
    this.registerOutputs({ addresses: this.addresses, machines: this.machines });
  }

  /** A VM as a resource: for `deletedWith` of what is gone with it. @throws RangeError for a VM that is not of the fleet */
  resource(vm: string): pulumi.CustomResource {
    const found = this.vms.get(vm);
    if (found === undefined) throw new RangeError(`no VM ${vm} in the fleet`);
    return found.resource();
  }

  private provideImages(
    name: string,
    { image, imageStorage, imageShared, placement, settled }: VmFleetArgs,
  ): CloudImages {
    const hosts = [...new Set(placement.vms.map(({ host }) => host))];
    return new CloudImages(
      `${name}-image`,
      { image, storage: imageStorage, hosts, shared: imageShared, settled },
      { parent: this },
    );
  }

  private makePool(name: string, { pool, site, leftovers }: VmFleetArgs): proxmox.PoolLegacy {
    const given = { poolId: pool, comment: ownerMark(site.stack) };
    return new proxmox.PoolLegacy(`${name}-pool`, given, { parent: this, hooks: { beforeCreate: [leftovers.pool] } });
  }
}
