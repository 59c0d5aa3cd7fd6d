/** A VM's arguments as Proxmox's form has them. @see bpg v0.111.1 proxmox/nodes/vms/custom_*.go, EncodeValues */
import type { VmDisk, VmInputs } from "./vmInputs";

export type VmForm = Readonly<Record<string, string>>;

const bit = (value: boolean): string => (value ? "1" : "0");

/** "a=1,b=2" of the parts that are there. */
const joined = (parts: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(parts)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
    .join(",");

const GIB = 2 ** 30;

/** A disk's options, without its volume. */
export const diskOptions = (disk: VmDisk): string =>
  joined({
    aio: disk.aio,
    backup: bit(disk.backup),
    iothread: disk.interface.startsWith("scsi") || disk.interface.startsWith("virtio") ? bit(disk.iothread) : undefined,
    ssd: disk.interface.startsWith("virtio") ? undefined : bit(disk.ssd),
    discard: disk.discard,
    cache: disk.cache,
    replicate: bit(disk.replicate),
  });

function newDisk(disk: VmDisk): string {
  const { datastoreId, importFrom, fileFormat, size } = disk;
  const file = importFrom === undefined ? `${datastoreId}:${size}` : `${datastoreId}:0`;
  const source = joined({ file, "import-from": importFrom, format: fileFormat, size: String(size * GIB) });
  return `${source},${diskOptions(disk)}`;
}

function networkForm({ networkDevices }: VmInputs): VmForm {
  const entries = networkDevices.map(({ model, bridge, firewall, macAddress, vlanId, mtu }, index) => {
    const optional = { tag: vlanId === 0 ? undefined : String(vlanId), mtu: mtu === 0 ? undefined : String(mtu) };
    return [`net${index}`, joined({ model, bridge, firewall: bit(firewall), macaddr: macAddress, ...optional })];
  });
  return Object.fromEntries(entries) as VmForm;
}

/** Cloud-init's own settings, without its drive. */
export function cloudInitForm({ initialization }: VmInputs): VmForm {
  if (initialization === undefined) return {};
  const { dns, ipConfigs, userAccount } = initialization;
  const addresses = ipConfigs.map(({ ipv4, ipv6 }, index) => [
    `ipconfig${index}`,
    joined({ gw: ipv4?.gateway, gw6: ipv6?.gateway, ip: ipv4?.address, ip6: ipv6?.address }),
  ]);
  const keys = userAccount?.keys ?? [];
  const found: Readonly<Record<string, string | undefined>> = {
    nameserver: dns === undefined || dns.servers.length === 0 ? undefined : dns.servers.join(" "),
    searchdomain: dns?.domain,
    ciuser: userAccount?.username,
    cipassword: userAccount?.password,
    sshkeys: keys.length === 0 ? undefined : encodeURIComponent(keys.join("\n")),
    ...(Object.fromEntries(addresses) as VmForm),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== "")) as VmForm;
}

const passthroughForm = ({ hostpcis }: VmInputs): VmForm =>
  Object.fromEntries(
    hostpcis.map(({ device, id, mapping, pcie, rombar, xvga }) => [
      device,
      joined({ host: id, mapping, pcie: bit(pcie), rombar: bit(rombar), "x-vga": bit(xvga) }),
    ]),
  );

function startupForm({ startup }: VmInputs): VmForm {
  if (startup === undefined) return {};
  const part = (value: number): string | undefined => (value < 0 ? undefined : String(value));
  return { startup: joined({ order: part(startup.order), up: part(startup.upDelay), down: part(startup.downDelay) }) };
}

/** Everything that a later change may set anew; drives are no part of it. */
export function settingsForm(inputs: VmInputs): VmForm {
  const { agent, cpu, memory, machine, description, tags } = inputs;
  return {
    acpi: "1",
    agent: joined({ enabled: bit(agent.enabled), fstrim_cloned_disks: bit(agent.trim), type: agent.type }),
    balloon: String(memory.floating),
    bios: inputs.bios,
    cores: String(cpu.cores),
    cpu: cpu.type,
    keyboard: "en-us",
    memory: String(memory.dedicated),
    numa: bit(cpu.numa),
    onboot: bit(inputs.onBoot),
    ostype: inputs.operatingSystem.type,
    protection: bit(inputs.protection),
    scsihw: inputs.scsiHardware,
    serial0: "socket",
    sockets: String(cpu.sockets),
    tablet: "1",
    ...(inputs.bootOrders.length === 0 ? {} : { boot: `order=${inputs.bootOrders.join(";")}` }),
    ...(inputs.name === "" ? {} : { name: inputs.name }),
    ...(description === "" ? {} : { description }),
    ...(machine === "" ? {} : { machine }),
    ...(tags.length === 0
      ? {}
      : {
          tags: tags
            .map((tag) => tag.trim())
            .toSorted()
            .join(";"),
        }),
    ...cloudInitForm(inputs),
    ...networkForm(inputs),
    ...passthroughForm(inputs),
    ...startupForm(inputs),
  };
}

/** The form that makes a VM. */
export function createForm(inputs: VmInputs): VmForm {
  const { efiDisk, initialization, cdrom, disks, poolId } = inputs;
  const boot =
    inputs.bootOrders.length > 0
      ? {}
      : {
          boot: `order=${[cdrom.interface, ...disks.map((one) => one.interface), ...(inputs.networkDevices.length > 0 ? ["net0"] : [])].join(";")}`,
        };
  return {
    ...settingsForm(inputs),
    ...boot,
    template: "0",
    vmid: String(inputs.vmId),
    [cdrom.interface]: `file=${cdrom.fileId === "" ? "cdrom" : cdrom.fileId},media=cdrom`,
    ...Object.fromEntries(disks.map((disk) => [disk.interface, newDisk(disk)])),
    ...(poolId === "" ? {} : { pool: poolId }),
    ...(efiDisk === undefined
      ? {}
      : {
          efidisk0: joined({
            file: `${efiDisk.datastoreId}:1`,
            format: efiDisk.fileFormat,
            efitype: efiDisk.type,
            "pre-enrolled-keys": bit(efiDisk.preEnrolledKeys),
          }),
        }),
    ...(initialization === undefined
      ? {}
      : {
          [initialization.interface === "" ? "ide2" : initialization.interface]:
            `file=${initialization.datastoreId}:cloudinit`,
        }),
  };
}
