/** What a boot makes of a host: which command line, which modules, which driver for which device. Reads files as they are. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { devicesOf, isPrimary, type SimDevice, type SimOptions } from "./machine";

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

/** The text of all `*.conf` in a folder. */
function confs(dir: string): string {
  if (!existsSync(dir)) return "";
  const names = readdirSync(dir).filter((name) => name.endsWith(".conf"));
  return names
    .sort()
    .map((name) => read(join(dir, name)))
    .join("\n");
}

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");

/** The command line that the boot loader passes on: its own copy, not the file that a tool has yet to read. */
function commandLine(root: string, { loader }: SimOptions): string {
  if (loader === "systemd-boot")
    return read(join(root, "boot/efi/loader/entries/proxmox.conf")).replace("options ", "").trim();
  const linux = /^\s*linux\s+(\S+)\s+(.*)$/m.exec(read(join(root, "boot/grub/grub.cfg")));
  return `BOOT_IMAGE=${linux?.[1] ?? ""} ${(linux?.[2] ?? "").trim().replaceAll(/\s+/g, " ")}`;
}

function iommuOn(options: SimOptions, words: readonly string[]): boolean {
  if (options.iommuInFirmware === false || words.includes("iommu=off")) return false;
  if (options.cpu === "amd") return !words.includes("amd_iommu=off");
  return words.includes("intel_iommu=on") || (options.kernel === "6.8" && !words.includes("intel_iommu=off"));
}

/** Which driver ends up with a device. */
function driverOf(device: SimDevice, root: string, on: boolean, options: SimOptions): string {
  // What probes graphics, sound and USB is in the initramfs, with the settings that were put into it.
  const settings = lines(confs(join(root, "boot/initrd.d")));
  const ids = settings.flatMap((line) => /^options vfio[-_]pci .*ids=(\S+)/.exec(line)?.[1] ?? []).at(-1) ?? "";
  const wanted = on && options.vfioFails !== true && ids.split(",").includes(device.id);
  const module = device.module ?? device.driver;
  if (wanted && settings.includes(`softdep ${module} pre: vfio-pci`)) return "vfio-pci";
  if (!settings.includes(`blacklist ${module}`)) return device.driver;
  const atBoot = lines(read(join(root, "etc/modules")) + "\n" + confs(join(root, "etc/modules-load.d")));
  return wanted && atBoot.some((name) => name.replace("-", "_") === "vfio_pci") ? "vfio-pci" : "";
}

/** Makes the folder `target` and a link to it; links are followed on the host, whose root is not ours. */
function link(root: string, target: string, path: string): void {
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(`/${target}`, join(root, path));
}

interface Placed {
  readonly device: SimDevice;
  /** Empty for none. */
  readonly driver: string;
  /** Absent where the IOMMU is off. */
  readonly group: number | undefined;
  readonly primary: boolean;
}

function writeDevice(root: string, { device, driver, group, primary }: Placed): void {
  const dir = `sys/bus/pci/devices/${device.pci}`;
  mkdirSync(join(root, dir), { recursive: true });
  const [vendor = "", id = ""] = device.id.split(":");
  const [subVendor = "", subDevice = ""] = device.subsystem.split(":");
  const numbers = { vendor, device: id, subsystem_vendor: subVendor, subsystem_device: subDevice, class: device.class };
  for (const [name, value] of Object.entries(numbers)) writeFileSync(join(root, dir, name), `0x${value}\n`);
  if (device.class.startsWith("03")) writeFileSync(join(root, dir, "boot_vga"), primary ? "1\n" : "0\n");
  if (driver !== "") {
    const module = driver === device.driver ? (device.module ?? driver) : driver.replace("-", "_");
    const home = `sys/bus/pci/drivers/${driver}`;
    link(root, home, `${dir}/driver`);
    if (!lstatSync(join(root, home, "module"), { throwIfNoEntry: false })) {
      link(root, `sys/module/${module}`, `${home}/module`);
    }
  }
  if (group !== undefined) {
    const home = `sys/kernel/iommu_groups/${group}`;
    link(root, home, `${dir}/iommu_group`);
    mkdirSync(join(root, home, "devices"), { recursive: true });
    link(root, dir, `${home}/devices/${device.pci}`);
  }
}

/** Boots the host under `root`: writes its /sys, and the files that stand in for those of /proc. */
export function boot(root: string, options: SimOptions): void {
  const cmdline = commandLine(root, options);
  const words = cmdline.split(" ");
  const on = iommuOn(options, words);
  // In place: these files are mounted over those of /proc, and a new one would not be seen.
  writeFileSync(join(root, ".sim/proc/cmdline"), `${cmdline}\n`);
  writeFileSync(join(root, ".sim/proc/boot_id"), `${randomUUID()}\n`);
  rmSync(join(root, "sys"), { recursive: true, force: true });
  for (const device of devicesOf(options)) {
    const split = words.includes("pcie_acs_override=downstream,multifunction");
    const group = split ? (device.splitGroup ?? device.group) : device.group;
    const driver = driverOf(device, root, on, options);
    const primary = isPrimary(options, device.pci);
    writeDevice(root, { device, driver, group: on ? group : undefined, primary });
  }
  writeFirmware(join(root, "sys"), options);
}

function writeFirmware(sys: string, options: SimOptions): void {
  const tables = join(sys, "firmware/acpi/tables");
  mkdirSync(tables, { recursive: true });
  if (options.iommuInFirmware !== false) writeFileSync(join(tables, options.cpu === "intel" ? "DMAR" : "IVRS"), "x");
  if (options.loader === "grub") return;
  const variables = join(sys, "firmware/efi/efivars");
  mkdirSync(variables, { recursive: true });
  if (options.loader !== "systemd-boot") return;
  const info = Buffer.concat([Buffer.from([6, 0, 0, 0]), Buffer.from("systemd-boot 252.22\0", "utf16le")]);
  writeFileSync(join(variables, "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"), info);
}
