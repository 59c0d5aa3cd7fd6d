/** What a simulated Proxmox host is made of, and what goes wrong with it. */

/** One PCI function. */
export interface SimDevice {
  /** "0000:65:00.0" */
  readonly pci: string;
  /** Vendor and device: "10de:2204". */
  readonly id: string;
  readonly subsystem: string;
  /** "030000" */
  readonly class: string;
  /** Driver that takes it where nothing else does. */
  readonly driver: string;
  /** Module of that driver; absent where it is built into the kernel. */
  readonly module?: string;
  /** IOMMU group. */
  readonly group: number;
  /** Its group once `pcie_acs_override` splits groups. @default `group` */
  readonly splitGroup?: number;
}

/** Cards that can be put into a host. */
export type SimCard = "rtx-3090" | "rtx-3060" | "rtx-2080-ti";

export interface SimGpu {
  /** Function 0. */
  readonly pci: string;
  readonly card: SimCard;
  /** IOMMU group. @default one of its own: 20 for the first, then 21 ... */
  readonly group?: number;
}

/** A VM that runs when the host is started, with a GPU. */
export interface SimVm {
  readonly id: number;
  readonly name: string;
  readonly pci: string;
}

export interface SimOptions {
  /** @default "pve1" */
  readonly name?: string;
  readonly cpu: "intel" | "amd";
  /** `grub-esp` is GRUB on partitions that proxmox-boot-tool keeps. */
  readonly loader: "grub" | "grub-esp" | "systemd-boot" | "refind";
  /** Version of the kernel. Intel's IOMMU is on by default from 6.8; vfio_virqfd is a module up to 6.1. */
  readonly kernel: "5.15" | "6.2" | "6.8";
  readonly gpus: readonly SimGpu[];
  /** Whether the firmware has the IOMMU switched on. @default true */
  readonly iommuInFirmware?: boolean;
  /** A network card in the IOMMU group of the first GPU. @default false */
  readonly foreignInGroup?: boolean;
  /** The first GPU is the display that the host starts with. @default "bmc": the board's own is */
  readonly primaryDisplay?: "bmc" | "gpu" | "gpu-only";
  readonly vm?: SimVm;
  /** Never comes back after a reboot. @default false */
  readonly neverReturns?: boolean;
  /** Boots, but vfio-pci does not get the GPUs. @default false */
  readonly vfioFails?: boolean;
  /** In a cluster; `Quorate: No` where false. @default in no cluster */
  readonly quorate?: boolean;
  /** Has Ceph, with that health. @default has none */
  readonly ceph?: string;
  /** More files, by their path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Time between the end of one boot and the start of sshd in the next, in ms. @default 100 */
  readonly bootMs?: number;
}

/** Full version of each kernel. */
export const kernels = { "5.15": "5.15.158-2-pve", "6.2": "6.2.16-20-pve", "6.8": "6.8.12-2-pve" } as const;
export const pveVersions = { "5.15": "7.4-18", "6.2": "8.0.4", "6.8": "8.2.7" } as const;

/** Device and subsystem ids of a card's functions, in order. @see https://pci-ids.ucw.cz */
const cards: Readonly<
  Record<SimCard, readonly (readonly [id: string, class_: string, driver: string, module?: string])[]>
> = {
  "rtx-3090": [
    ["10de:2204", "030000", "nouveau", "nouveau"],
    ["10de:1aef", "040300", "snd_hda_intel", "snd_hda_intel"],
  ],
  "rtx-3060": [
    ["10de:2503", "030000", "nouveau", "nouveau"],
    ["10de:228e", "040300", "snd_hda_intel", "snd_hda_intel"],
  ],
  "rtx-2080-ti": [
    ["10de:1e07", "030000", "nouveau", "nouveau"],
    ["10de:10f7", "040300", "snd_hda_intel", "snd_hda_intel"],
    ["10de:1ad6", "0c0330", "xhci_hcd", "xhci_pci"],
    ["10de:1ad7", "0c8000", "nvidia-gpu", "i2c_nvidia_gpu"],
  ],
};

const bmc = "0000:05:00.0";
export const networkCard = "0000:66:00.0";

/** Whether a device is the display that the host starts with. */
export function isPrimary(options: SimOptions, pci: string): boolean {
  return pci === ((options.primaryDisplay ?? "bmc") === "bmc" ? bmc : options.gpus[0]?.pci);
}

function gpuDevices({ pci, card, group: asked }: SimGpu, index: number): SimDevice[] {
  const slot = pci.replace(/\.\d$/, "");
  const group = asked ?? 20 + index;
  const functions = cards[card].map(([id, class_, driver, module], position) => ({
    pci: `${slot}.${position}`,
    id,
    subsystem: "1458:403b",
    class: class_,
    driver,
    ...(module === undefined ? {} : { module }),
    group,
    splitGroup: group + 40,
  }));
  const port: SimDevice = {
    pci: `0000:0${index}:01.0`,
    id: "8086:2030",
    subsystem: "15d9:095d",
    class: "060400",
    driver: "pcieport",
    group,
  };
  return [port, ...functions];
}

/** Every device of the host. */
export function devicesOf(options: SimOptions): SimDevice[] {
  const display: SimDevice = {
    pci: bmc,
    id: "1a03:2000",
    subsystem: "15d9:095d",
    class: "030000",
    driver: "ast",
    module: "ast",
    group: 9,
  };
  const network: SimDevice = {
    pci: networkCard,
    id: "8086:1533",
    subsystem: "15d9:1533",
    class: "020000",
    driver: "igb",
    module: "igb",
    group: options.foreignInGroup === true ? 20 : 10,
    splitGroup: 10,
  };
  return [...(options.primaryDisplay === "gpu-only" ? [] : [display]), network, ...options.gpus.flatMap(gpuDevices)];
}
