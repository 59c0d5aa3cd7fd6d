/** The files of a simulated host, as its installer and its owner left them. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { kernels, pveVersions, type SimOptions } from "./machine";

const commandLine = "root=ZFS=rpool/ROOT/pve-1 boot=zfs quiet";

function filesOf(options: SimOptions): Record<string, string> {
  const kernel = kernels[options.kernel];
  const vendor = options.cpu === "intel" ? "GenuineIntel" : "AuthenticAMD";
  return {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hostname": `${options.name ?? "pve1"}\n`,
    "etc/modules": "# /etc/modules: kernel modules to load at boot time.\n",
    "etc/modprobe.d/pve-blacklist.conf":
      "# This file contains a list of modules which are not supported by Proxmox VE\n\n# nvidiafb see bugreport https://bugzilla.proxmox.com/show_bug.cgi?id=701\nblacklist nvidiafb\n",
    [`boot/config-${kernel}`]: `CONFIG_INTEL_IOMMU=y\n${options.kernel === "6.8" ? "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n" : ""}`,
    "etc/pve/.version": "",
    ".sim/kernel": `${kernel}\n`,
    ".sim/pve": `${pveVersions[options.kernel]}\n`,
    ".sim/quorate": options.quorate === false ? "No\n" : "Yes\n",
    ".sim/ceph": `${options.ceph ?? ""}\n`,
    ".sim/esp": options.loader === "systemd-boot" ? "uefi" : "grub",
    ".sim/proc/cmdline": "",
    ".sim/proc/boot_id": "",
    ".sim/proc/cpuinfo": `processor\t: 0\nvendor_id\t: ${vendor}\n`,
    ".sim/log": "",
    ...(options.kernel === "5.15" ? { [`.sim/modules/${kernel}/vfio_virqfd`]: "" } : {}),
    ...(options.quorate === undefined ? {} : { "etc/pve/corosync.conf": "totem {\n}\n" }),
    ...(options.ceph === undefined ? {} : { "etc/pve/ceph.conf": "[global]\n" }),
    ...(options.vm === undefined
      ? {}
      : { [`etc/pve/qemu-server/${options.vm.id}.conf`]: `cores: 8\nname: ${options.vm.name}\n` }),
    ...loaderFiles(options),
    ...options.files,
  };
}

function loaderFiles({ loader }: SimOptions): Record<string, string> {
  const grub = {
    "etc/default/grub":
      'GRUB_DEFAULT=0\nGRUB_TIMEOUT=5\nGRUB_DISTRIBUTOR="Proxmox VE"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
    "boot/grub/grub.cfg":
      "menuentry 'Proxmox VE GNU/Linux' {\n\tlinux\t/boot/vmlinuz root=/dev/mapper/pve-root ro  quiet\n}\n",
  };
  const esp = { "etc/kernel/proxmox-boot-uuids": "8E2A-7D5E\n" };
  switch (loader) {
    case "grub":
      return grub;
    case "grub-esp":
      return { ...grub, ...esp };
    case "systemd-boot":
      return {
        ...esp,
        "etc/kernel/cmdline": `${commandLine}\n`,
        "boot/efi/loader/entries/proxmox.conf": `options ${commandLine}\n`,
      };
    case "refind":
      return { "boot/efi/EFI/refind/refind.conf": "timeout 5\n" };
  }
}

/** Folders that others are mounted on, or that programs want. */
const folders = [
  "usr",
  "proc",
  "dev",
  "run/sshd",
  "tmp",
  "root/.ssh",
  "var/lib",
  "etc/ssh",
  "etc/default/grub.d",
  "etc/modules-load.d",
  "boot",
  ".sim/empty",
  ".sim/tools",
  ".sim/modules",
];

const changing = ["mv", "cp", "rm", "mkdir", "chmod", "sync"];

function copyTools(root: string): void {
  const tools = join(__dirname, "tools");
  for (const name of readdirSync(tools)) copyFileSync(join(tools, name), join(root, ".sim/tools", name));
  for (const name of changing) linkSync(join(root, ".sim/tools/coreutil"), join(root, ".sim/tools", name));
  copyFileSync(join(__dirname, "init.sh"), join(root, ".sim/init.sh"));
}

/** The top folders of a merged /usr, as this machine has them. */
function linkUsr(root: string): void {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink())
      symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
}

/** Makes all files of a host under `root`. @returns its public key, and the private key that opens it */
export function makeTree(root: string, options: SimOptions, port: number): { hostKey: string; privateKey: string } {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(filesOf(options))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const device of ["null", "zero", "random", "urandom", "tty"]) writeFileSync(join(root, "dev", device), "");
  linkUsr(root);
  copyTools(root);
  // awk is an alternative on Debian: a link to a link in /etc.
  mkdirSync(join(root, "etc/alternatives"));
  symlinkSync(readlinkSync("/etc/alternatives/awk"), join(root, "etc/alternatives/awk"));
  execFileSync("mkfifo", [join(root, ".sim/events")]);
  const hostKey = keyPair(join(root, "etc/ssh/ssh_host_ed25519_key"));
  const own = keyPair(join(root, ".sim/client_key"));
  writeFileSync(join(root, "root/.ssh/authorized_keys"), own.publicKey);
  chmodSync(join(root, "root/.ssh"), 0o700);
  writeFileSync(join(root, "etc/ssh/sshd_config"), sshdConfig(port));
  return { hostKey: hostKey.publicKey.trim(), privateKey: own.privateKey };
}

function keyPair(file: string): { publicKey: string; privateKey: string } {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return { publicKey: readFileSync(`${file}.pub`, "utf8"), privateKey: readFileSync(file, "utf8") };
}

const sshdConfig = (port: number): string => `Port ${port}
ListenAddress 127.0.0.1
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
LogLevel DEBUG1
MaxStartups 100
AcceptEnv TOKENRACK_*
`;
