# shellcheck shell=sh
# What must hold before a host is touched. Each fault says what was checked, found and expected, and what to do.

check_host() {
  if [ "$(id -u)" != 0 ]; then
    fault "the user on the host" "$(id -un), who is not root" "root" "log in as root, or allow \`sudo -n sh\` to $(id -un)"
  fi
  if [ -z "$pve" ]; then
    fault "Proxmox VE" "no pveversion on this host" "a Proxmox VE host" "correct the host's address in the stack"
  fi
  case $loader in
  grub | systemd-boot) ;;
  *) fault "boot loader" "$loader" "GRUB, or systemd-boot under proxmox-boot-tool" "set the host's command line and modules by hand (docs/bring-up.md), or boot it with one of these" ;;
  esac
}

check_iommu() {
  if [ "$iommu_firmware" = no ]; then
    fault "IOMMU in the firmware" "no ACPI table $iommu_table: it is switched off, or the processor has none" "ACPI table $iommu_table" \
      "switch on $(if [ "$cpu" = amd ]; then echo "IOMMU and SVM"; else echo "VT-d"; fi) in the firmware's settings of $host"
  fi
  case " $running_cmdline ${others_words-} " in
  *" intel_iommu=off "* | *" amd_iommu=off "* | *" iommu=off "*)
    fault "kernel command line" "the IOMMU is switched off there: $(public_words "$running_cmdline")" "no iommu=off, intel_iommu=off or amd_iommu=off" "take the word out of the host's command line, then run again"
    ;;
  *" vfio-pci.ids="* | *" vfio_pci.ids="*)
    fault "kernel command line" "vfio-pci.ids= there, which outdoes every file in /etc/modprobe.d" "the ids in /etc/modprobe.d alone" "take vfio-pci.ids= out of the host's command line, then run again"
    ;;
  esac
}

# check_address PCI: whether there is an NVIDIA graphics card; ends with status 1 where not.
check_address() {
  if [ -e "$devices/$1" ]; then
    case $(pci_number "$1" vendor)$(pci_class "$1") in 10de03*) return 0 ;; esac
    found="$(described "$1"), class $(pci_class "$1")"
  else
    found="no device there"
  fi
  others=
  for display in $(display_devices); do others="$others${others:+, }$(described "$display")"; done
  fault "PCI address $1" "$found; graphics devices of $host: ${others:-none}" "an NVIDIA graphics card" "correct the address in hosts[].gpus[].pci (lspci -D on the host lists them)"
  return 1
}

# check_group PCI VM: nothing foreign in the groups of the card. Groups are there only once the IOMMU is on.
check_group() {
  for function in $(functions_of "$1"); do
    group=$(pci_group "$function")
    foreign=
    for member in $(group_members "${group:-none}"); do
      if is_foreign "$member" "$1" "$2"; then foreign="$foreign${foreign:+, }$(described "$member")"; fi
    done
    if [ -z "$foreign" ]; then continue; fi
    fault "IOMMU group of $function" "group $group also has $foreign" "only the functions of the card, bridges, and GPUs of the same VM" \
      "move the card to another slot; or set acsOverride: true for $host, which lets devices of one group reach each other's memory"
    return 0
  done
}

# is_foreign MEMBER PCI VM
is_foreign() {
  case $1 in "${2%.*}".*) return 1 ;; esac
  case $(pci_class "$1") in 0600* | 0604*) return 1 ;; esac
  for gpu in $gpus; do
    case $1 in "${gpu%%.*}".*) if [ "$3" != - ] && [ "${gpu#*=}" = "$3" ]; then return 1; fi ;; esac
  done
  return 0
}

check_vms() {
  for id in $(vms_using "$1"); do
    name=$(vm_name "$id")
    fault "VMs that run with $1" "VM $id${name:+ ($name)} runs with it" "no running VM" "shut it down (qm shutdown $id), then run again"
  done
}

check_display() {
  if [ "$(first_line "$devices/$1/boot_vga")" != 1 ] || [ "$allow_primary" = yes ]; then return 0; fi
  others=$(words_without "$(display_devices)" "$functions")
  if [ -n "$others" ]; then
    fault "primary display" "$1 is the one that $host starts with; it also has $others" "another one" "make another one the primary display in the firmware's settings of $host"
  else
    fault "primary display" "$1 is the only display of $host" "another one" "switch on the onboard graphics in the firmware's settings; or set allowPrimaryGpu: true for $host, which then has no screen"
  fi
}

# check_bystanders: cards that the stack does not name but that the same ids or the blacklist would take from the host.
check_bystanders() {
  for path in "$devices"/*; do
    device=${path##*/}
    if has_word "$device" "$functions"; then continue; fi
    driver=$(pci_driver "$device")
    case $driver in '' | vfio-pci | pcieport) continue ;; esac
    if has_word "$(pci_id "$device")" "$ids"; then
      fault "other devices with the same id" "$(described "$device") is in use by $host and not in the stack" "none: vfio-pci takes every device with that id" "add its card to hosts[].gpus, or take it out of the host"
    elif [ "$driver" = nvidia ] || [ "$driver" = nouveau ]; then
      fault "other NVIDIA cards" "$(described "$device") is in use by $host and not in the stack" "none: the driver is blacklisted" "add it to hosts[].gpus, or take it out of the host"
    fi
  done
}

# A host that is as wanted is not refused for being in use.
needs_change() { [ -n "$missing" ] || [ -n "$ineffective" ]; }

# check_all: every check, so that one run tells everything.
check_all() {
  check_host
  check_iommu
  for gpu in $gpus; do
    pci=${gpu%%=*}
    if ! check_address "$pci"; then continue; fi
    # Groups change with the override: the check comes again after the reboot.
    if [ "$acs_override" = no ] || has_word pcie_acs_override=downstream,multifunction "$running_cmdline"; then
      check_group "$pci" "${gpu#*=}"
    fi
    if needs_change; then
      check_vms "$pci"
      check_display "$pci"
    fi
  done
  if needs_change; then check_bystanders; fi
}
