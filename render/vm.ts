/** A VM of the placement as arguments of Proxmox's provider. Names are those of `proxmoxve:index/vmLegacy:VmLegacy`. */
import type { VmPlan } from "../plan/placement/types";
import type { SitePlan } from "../plan/site";

/** Tag of every VM that Tokenrack made. */
export const COMMON_TAG = "tokenrack";

/**
 * The tag that says whose a VM is: stack and name. Proxmox keeps tags in lower case; a name has no dot, so that no two
 * pairs give one tag.
 */
export const ownerTag = (stack: string, name: string): string => `${COMMON_TAG}.${stack.toLowerCase()}.${name}`;

/** Seconds that a VM gets to start. With passthrough all its memory is pinned and cleared first: minutes for hundreds of GiB. */
const startSeconds = { plain: 600, gpu: 3600 } as const;

/** Start order at a host's boot: the control plane before what asks it for work. Seconds are waited before the next. */
const startOrder = { master: 1, system: 2, worker: 3, gpu: 4 } as const;

const MIB_PER_GIB = 1024;

/** Arguments of a VM, but those that other resources give: the image, the mappings' names, the pool and the SSH key. */
export interface RenderedVm {
  readonly name: string;
  readonly vmId: number;
  readonly nodeName: string;
  readonly tags: string[];
  readonly machine: string;
  readonly bios: string;
  readonly efiDisk: {
    readonly datastoreId: string;
    readonly type: string;
    readonly fileFormat: string;
    readonly preEnrolledKeys: boolean;
  };
  readonly cpu: { readonly type: string; readonly cores: number; readonly sockets: number; readonly numa: boolean };
  /** In MiB. */
  readonly memory: { readonly dedicated: number; readonly floating: number };
  readonly operatingSystem: { readonly type: string };
  readonly scsiHardware: string;
  /** `size` in GiB. */
  readonly systemDisk: {
    readonly interface: string;
    readonly datastoreId: string;
    readonly size: number;
    readonly fileFormat: string;
    readonly iothread: boolean;
    readonly discard: string;
    readonly ssd: boolean;
  };
  readonly bootOrders: string[];
  readonly cdrom: { readonly fileId: string; readonly interface: string };
  readonly networkDevice: {
    readonly bridge: string;
    readonly model: string;
    readonly vlanId?: number;
    readonly mtu?: number;
  };
  readonly cloudInit: {
    readonly datastoreId: string;
    readonly dns: { readonly servers: string[] };
    readonly ipConfigs: { readonly ipv4: { readonly address: string; readonly gateway: string } }[];
    readonly username: string;
  };
  /** One for each GPU, in the order of the guest's slots. */
  readonly hostPcis: readonly {
    readonly device: string;
    readonly pcie: boolean;
    readonly rombar: boolean;
    readonly xvga: boolean;
  }[];
  readonly agent: { readonly enabled: boolean; readonly waitForIp: { readonly disabled: boolean } };
  readonly onBoot: boolean;
  readonly started: boolean;
  readonly startup: { readonly order: number };
  readonly rebootAfterUpdate: boolean;
  readonly migrate: boolean;
  readonly stopOnDestroy: boolean;
  /** In seconds. */
  readonly timeoutCreate: number;
  readonly timeoutStartVm: number;
}

/** The arguments of a VM. */
export function renderVm(vm: VmPlan, site: SitePlan): RenderedVm {
  const { network, diskStorage } = site;
  const seconds = vm.gpus.length > 0 ? startSeconds.gpu : startSeconds.plain;
  return {
    name: vm.name,
    vmId: vm.vmid,
    nodeName: vm.host,
    // Proxmox sorts tags; another order here would be a change in every preview.
    tags: [COMMON_TAG, `${COMMON_TAG}-${vm.pool}`, ownerTag(site.stack, vm.name)].sort(),
    machine: "q35",
    bios: "ovmf",
    // Secure Boot's keys would refuse the NVIDIA modules that the guest builds for itself.
    efiDisk: { datastoreId: diskStorage, type: "4m", fileFormat: "raw", preEnrolledKeys: false },
    cpu: { type: "host", cores: vm.cores, sockets: 1, numa: true },
    // No balloon: a passed-through device reads and writes memory that the host must not take away.
    memory: { dedicated: vm.memoryGib * MIB_PER_GIB, floating: 0 },
    operatingSystem: { type: "l26" },
    scsiHardware: "virtio-scsi-single",
    systemDisk: {
      interface: "scsi0",
      datastoreId: diskStorage,
      size: vm.diskGib,
      fileFormat: "raw",
      iothread: true,
      discard: "on",
      ssd: true,
    },
    bootOrders: ["scsi0"],
    // An empty drive: left out, the provider asks for the host's own, which takes Sys.Console on everything.
    cdrom: { fileId: "none", interface: "ide3" },
    networkDevice: {
      bridge: network.bridge,
      model: "virtio",
      ...(network.vlan === undefined ? {} : { vlanId: network.vlan }),
      ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
    },
    cloudInit: {
      datastoreId: diskStorage,
      dns: { servers: [...network.dns] },
      ipConfigs: [{ ipv4: { address: `${vm.address}/${network.prefix}`, gateway: network.gateway } }],
      username: site.user,
    },
    hostPcis: vm.gpus.map((_, index) => ({ device: `hostpci${index}`, pcie: true, rombar: true, xvga: false })),
    // The address is known; waiting for an agent that the image does not have would never end.
    agent: { enabled: true, waitForIp: { disabled: true } },
    onBoot: true,
    started: true,
    startup: { order: startOrder[vm.role] },
    // A change must not restart a node behind the cluster's back: it waits for the next restart, and the provider says so.
    rebootAfterUpdate: false,
    // Moving a VM by changing its host makes it anew: its GPU stays where it is.
    migrate: false,
    // Without an agent in the guest a soft shutdown only runs into its time-out.
    stopOnDestroy: true,
    timeoutCreate: seconds,
    timeoutStartVm: seconds,
  };
}

/** Path of the whole card: its sound and USB-C functions go with function 0. */
export const wholeCard = (pci: string): string => pci.replace(/\.[0-7]$/, "");
