# shellcheck shell=sh
# What a host is: read only, from sysfs, procfs and Proxmox's own files. No lspci, no jq: neither is sure to be there.

devices=/sys/bus/pci/devices

# pci_number DEVICE FILE: "10de" of "0x10de".
pci_number() {
  read_line "$devices/$1/$2"
  printf '%s' "${line#0x}"
}
# pci_pair DEVICE FILE FILE: two of them, "10de:2204".
pci_pair() {
  pci_number "$1" "$2"
  printf :
  pci_number "$1" "$3"
}
pci_id() { pci_pair "$1" vendor device; }
pci_subsystem() { pci_pair "$1" subsystem_vendor subsystem_device; }
pci_class() { pci_number "$1" class; }

# target_name LINK: the last part of the folder that a link points to; empty where there is none. By the shell alone:
# this is asked for every function and every device.
target_name() (
  if cd -P "$1" 2>/dev/null; then printf '%s' "${PWD##*/}"; fi
)
pci_driver() { target_name "$devices/$1/driver"; }
pci_group() { target_name "$devices/$1/iommu_group"; }

# functions_of PCI: all functions of the card in that slot, in order.
functions_of() { names_of "$devices/${1%.*}".*; }

# names_of PATH...: the last parts of those that are there.
names_of() (
  found=
  for path in "$@"; do
    if [ -e "$path" ]; then found="$found${found:+ }${path##*/}"; fi
  done
  printf '%s' "$found"
)

# group_members GROUP: the devices of an IOMMU group.
group_members() { names_of "/sys/kernel/iommu_groups/$1/devices"/*; }

# display_devices: every graphics device of the host.
display_devices() (
  for path in "$devices"/*; do
    read_line "$path/class"
    case $line in 0x03*) printf '%s ' "${path##*/}" ;; esac
  done
)

# described DEVICE: "0000:65:00.0 (10de:2204, nouveau)".
described() (
  driver=$(pci_driver "$1")
  printf '%s (%s, %s)' "$1" "$(pci_id "$1")" "${driver:-no driver}"
)

# running_vms: one line for each running VM: its id, then its process.
running_vms() (
  for path in /run/qemu-server/*.pid; do
    pid=$(first_line "$path")
    id=${path##*/}
    if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then printf '%s %s\n' "${id%.pid}" "$pid"; fi
  done
)

# vm_name ID: from its configuration, up to the first snapshot.
vm_name() { sed -n '/^\[/q; s/^name: *//p' "/etc/pve/qemu-server/$1.conf" 2>/dev/null || :; }

# vms_using PCI: ids of the running VMs that hold any function of that card. QEMU's own command line is what counts:
# a configuration can name the card directly or by a mapping, and can have been edited since the start.
vms_using() (
  slot=${1%.*}
  running_vms | while read -r id pid; do
    if tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qE "host=(0000:)?${slot#0000:}\\.[0-7]"; then printf '%s ' "$id"; fi
  done
)

# find_loader: grub, systemd-boot, or what else is there. The loader that started the system says so itself where it is
# new enough; else Proxmox's tool knows; else only a plain GRUB is left.
find_loader() (
  info=/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
  loader=unknown
  if [ -e "$info" ]; then
    case $(LC_ALL=C tr -cd '\040-\176' <"$info") in *systemd-boot*) loader=systemd-boot ;; *GRUB*) loader=grub ;; esac
  elif [ -s /etc/kernel/proxmox-boot-uuids ]; then
    case $(proxmox-boot-tool status 2>/dev/null | sed -n 's/.*is configured with: *//p') in
    *uefi*grub* | *grub*uefi*) loader="systemd-boot or GRUB, which proxmox-boot-tool cannot tell apart" ;;
    *uefi*) loader=systemd-boot ;;
    *grub*) loader=grub ;;
    esac
  elif [ -e /boot/grub/grub.cfg ]; then
    loader=grub
  fi
  # Each needs its tool and its file; without them the loader is somebody else's.
  case $loader in
  grub) if [ ! -e /etc/default/grub ] || ! has_tool update-grub; then loader="GRUB without update-grub"; fi ;;
  systemd-boot)
    if [ ! -s /etc/kernel/cmdline ] || ! has_tool proxmox-boot-tool; then
      loader="systemd-boot without proxmox-boot-tool"
    fi
    ;;
  esac
  printf '%s' "$loader"
)

has_tool() { command -v "$1" >/dev/null; }

# public_words LINE: a kernel command line without what could be a secret (iSCSI's passwords stand there).
public_words() (
  set -f
  shown=
  for word in $1; do
    case $word in *passw*=* | *secret*=* | *token*=* | *key=*) word="${word%%=*}=***" ;; esac
    shown="$shown${shown:+ }$word"
  done
  printf '%s' "$shown"
)

# quorate: yes or no; empty where the host is in no cluster.
quorate() {
  [ -e /etc/pve/corosync.conf ] || return 0
  if pvecm status 2>/dev/null | grep -qE '^Quorate: +Yes'; then printf yes; else printf no; fi
}

# ceph_health: its first line; empty where there is no Ceph.
ceph_health() {
  [ -e /etc/pve/ceph.conf ] || return 0
  timeout 20 ceph health 2>&1 | head -n 1 || :
}

is_quorate() { [ "$(quorate)" != no ]; }
is_healthy() { case $(ceph_health) in '' | HEALTH_OK*) return 0 ;; *) return 1 ;; esac; }

read_facts() {
  kernel=$(uname -r)
  boot_id=$(first_line /proc/sys/kernel/random/boot_id)
  running_cmdline=$(first_line /proc/cmdline)
  pve=$(pveversion 2>/dev/null | sed -n 's,^pve-manager/\([^/]*\)/.*,\1,p' || :)
  case $(sed -n '/^vendor_id/{s/.*: *//p;q;}' /proc/cpuinfo) in
  GenuineIntel) cpu=intel iommu_table=DMAR ;;
  AuthenticAMD) cpu=amd iommu_table=IVRS ;;
  *) cpu=unknown iommu_table=DMAR ;;
  esac
  # The firmware shows this table only where the IOMMU is switched on in its settings.
  iommu_firmware=no
  if [ -e "/sys/firmware/acpi/tables/$iommu_table" ]; then iommu_firmware=yes; fi
  iommu_active=no
  for path in /sys/kernel/iommu_groups/*; do if [ -e "$path" ]; then iommu_active=yes; fi; done
  loader=$(find_loader)
}
