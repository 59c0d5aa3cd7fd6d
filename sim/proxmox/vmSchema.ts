/** The parameters of a VM: which there are, what kind of value each has, and which privilege sets it. */
import { badParameters, failed } from "./pveError";
import type { Rights } from "./permissions";

/** @see qemu-server src/PVE/API2/Qemu.pm: cpuoptions, memoryoptions and so on */
const PRIVILEGES: Readonly<Record<string, readonly string[]>> = {
  "VM.Config.CPU": ["cores", "cpu", "cpulimit", "cpuunits", "numa", "sockets", "vcpus"],
  "VM.Config.Memory": ["memory", "balloon", "shares"],
  "VM.Config.HWType": ["acpi", "hotplug", "kvm", "machine", "scsihw", "smbios1", "tablet", "vga", "watchdog", "audio0"],
  "VM.Config.Options": [
    ...["agent", "autostart", "bios", "description", "keyboard", "localtime", "migrate_downtime", "migrate_speed"],
    ...["name", "onboot", "ostype", "protection", "reboot", "startdate", "startup", "tdf", "template"],
  ],
  "VM.PowerMgmt": ["freeze"],
  "VM.Config.Disk": ["boot", "bootdisk", "vmstatestorage"],
};

const CLOUD_INIT = ["cicustom", "cipassword", "citype", "ciuser", "ciupgrade", "nameserver", "searchdomain", "sshkeys"];

/** Only root may set these. */
const ROOT_ONLY = [
  "args",
  "lock",
  "affinity",
  "arch",
  "hookscript",
  "hugepages",
  "keephugepages",
  "ivshmem",
  "amd-sev",
];

export const DRIVE = /^(?:ide[0-3]|sata[0-5]|scsi(?:\d|[12]\d|30)|virtio(?:\d|1[0-5])|efidisk0|tpmstate0)$/;
const NETWORK = /^net(?:\d|[12]\d|3[01])$/;
const HOST_PCI = /^hostpci(?:\d|1[0-5])$/;
const IP_CONFIG = /^ipconfig(?:\d|[12]\d|3[01])$/;
const NUMA = /^numa[0-7]$/;
const OTHER_DEVICE = /^(?:serial[0-3]|usb\d{1,2}|rng0|virtiofs\d|unused\d{1,3})$/;

/** Everything that a VM's configuration may hold. */
export const VM_PARAMETERS: readonly (string | RegExp)[] = [
  ...Object.values(PRIVILEGES).flat(),
  ...CLOUD_INIT,
  ...ROOT_ONLY,
  ...["tags", "vmgenid", DRIVE, NETWORK, HOST_PCI, IP_CONFIG, NUMA, OTHER_DEVICE],
];

/** Given as JSON numbers; all others are texts. @see reference: cores 4, but memory "4096" */
const INTEGERS = new Set([
  ...["acpi", "autostart", "balloon", "ciupgrade", "cores", "cpuunits", "freeze", "kvm", "localtime", "numa", "onboot"],
  ...["protection", "reboot", "shares", "sockets", "tablet", "tdf", "template", "vcpus", "migrate_speed"],
]);

/** A configuration value as JSON has it. */
export function typed(name: string, value: string): string | number {
  if (name === "cipassword") return "**********";
  return INTEGERS.has(name) && /^\d+$/.test(value) ? Number(value) : value;
}

const isDriveOrDevice = (name: string): boolean =>
  DRIVE.test(name) || OTHER_DEVICE.test(name) || name === "tags" || HOST_PCI.test(name) || name === "vmgenid";

/** @throws PveError 403 that names what is missing. Disks, PCI devices and tags are checked by value, elsewhere. */
export function checkParameterRights(
  rights: Rights,
  vmid: number,
  pool: string | undefined,
  names: readonly string[],
): void {
  for (const name of names) {
    if (/^serial\d$/.test(name)) rights.needOnVm(vmid, pool, "VM.Config.HWType");
    if (isDriveOrDevice(name)) continue;
    if (ROOT_ONLY.includes(name)) throw failed(`only root can set '${name}' config`);
    const found = Object.entries(PRIVILEGES).find(([, group]) => group.includes(name));
    if (found !== undefined) rights.needOnVm(vmid, pool, found[0]);
    // It changes how the host behaves.
    if (name === "startup") rights.need("/", "Sys.Modify");
    if (NUMA.test(name)) rights.needOnVm(vmid, pool, "VM.Config.CPU");
    if (NETWORK.test(name)) rights.needOnVm(vmid, pool, "VM.Config.Network");
    if (CLOUD_INIT.includes(name) || IP_CONFIG.test(name)) {
      rights.needAnyOnVm(vmid, pool, "VM.Config.Cloudinit", "VM.Config.Network");
    }
  }
}

interface Rule {
  readonly name: string;
  readonly ok: (value: string) => boolean;
  readonly reason: string;
}

const within =
  (min: number, max: number) =>
  (value: string): boolean =>
    /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;

/** What Proxmox's schema says of values that a stack sets. */
const RULES: readonly Rule[] = [
  { name: "cores", ok: within(1, Infinity), reason: "value must have a minimum value of 1" },
  { name: "sockets", ok: within(1, Infinity), reason: "value must have a minimum value of 1" },
  { name: "memory", ok: within(16, Infinity), reason: "current: value must have a minimum value of 16" },
  { name: "balloon", ok: within(0, Infinity), reason: "value must have a minimum value of 0" },
  {
    name: "bios",
    ok: (value) => /^(?:ovmf|seabios)$/.test(value),
    reason: "value does not have a value in the enumeration 'seabios, ovmf'",
  },
  {
    name: "machine",
    ok: (value) => /^(?:type=)?(?:pc|q35|virt|pc-[\w.+-]+)(?:,viommu=(?:intel|virtio))?$/.test(value),
    reason: "invalid format - format error",
  },
  {
    name: "name",
    ok: (value) =>
      /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(value),
    reason: "invalid format - value does not look like a valid DNS name",
  },
];

/** @throws PveError 400 with every value that its schema does not allow */
export function checkValues(values: ReadonlyMap<string, string>): void {
  const wrong = RULES.filter(({ name, ok }) => {
    const value = values.get(name);
    return value !== undefined && !ok(value);
  });
  if (wrong.length > 0) throw badParameters(Object.fromEntries(wrong.map(({ name, reason }) => [name, reason])));
}
