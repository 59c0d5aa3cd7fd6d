# shellcheck shell=sh
# What a host must be for passthrough, what of it is missing in its files, and what of it is not yet in effect.

grub_file=/etc/default/grub.d/zz-tokenrack-vfio.cfg
cmdline_file=/etc/kernel/cmdline
modules_file=/etc/modules-load.d/tokenrack-vfio.conf
# modprobe reads the files in the order of their names, and of two `ids=` the last counts.
modprobe_file=/etc/modprobe.d/zz-tokenrack-vfio.conf
heading="# Written by Tokenrack: passthrough of the GPUs that the stack names. Changes here are lost."

# kernel_at_least MAJOR MINOR
kernel_at_least() (
  major=${kernel%%.*} minor=${kernel#*.}
  minor=${minor%%[!0-9]*}
  [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
)

# intel_iommu_by_default: kernels from 6.8 on, as Proxmox builds them; the build's own configuration knows best.
intel_iommu_by_default() {
  if [ -r "/boot/config-$kernel" ]; then grep -qx CONFIG_INTEL_IOMMU_DEFAULT_ON=y "/boot/config-$kernel"; else kernel_at_least 6 8; fi
}

# other_files FILE...: the text of the files that are there, but for ours.
other_files() {
  for path in "$@"; do
    case $path in "$grub_file" | "$modules_file" | "$modprobe_file") continue ;; esac
    if [ -r "$path" ]; then cat "$path" && echo; fi
  done
}

# configured_words: the command line of the next boot as others than us have set it. GRUB's files are shell, and
# update-grub runs them in the same way.
configured_words() {
  if [ "$loader" = systemd-boot ]; then
    ours=$(cat "$state/words" 2>/dev/null || :)
    words_without "$(tr '\n' ' ' <"$cmdline_file")" "$ours"
    return 0
  fi
  (
    # Somebody else's text: it may use what is not set.
    set +eu
    # shellcheck disable=SC1091
    . /etc/default/grub >/dev/null 2>&1
    for path in /etc/default/grub.d/*.cfg; do
      # shellcheck disable=SC1090
      if [ -r "$path" ] && [ "$path" != "$grub_file" ]; then . "$path" >/dev/null 2>&1; fi
    done
    printf '%s %s' "${GRUB_CMDLINE_LINUX-}" "${GRUB_CMDLINE_LINUX_DEFAULT-}"
  )
}

# wanted_words: of the kernel's command line. AMD's IOMMU needs none to be on.
want_words() {
  wanted_words="iommu=pt"
  if [ "$cpu" = intel ] && ! intel_iommu_by_default; then wanted_words="intel_iommu=on $wanted_words"; fi
  if [ "$acs_override" = yes ]; then wanted_words="$wanted_words pcie_acs_override=downstream,multifunction"; fi
}

# read_cards: every function of every GPU, and the ids that vfio-pci is to take.
read_cards() {
  functions='' ids=''
  for gpu in $gpus; do
    for function in $(functions_of "${gpu%%=*}"); do
      functions="$functions${functions:+ }$function"
      id=$(pci_id "$function")
      if ! has_word "$id" "$ids"; then ids="$ids${ids:+ }$id"; fi
    done
  done
}

# soft_dependencies: modules that could take a function before vfio-pci does.
soft_dependencies() {
  printf '%s\n' nouveau nvidia nvidiafb
  for function in $functions; do
    case $(pci_class "$function") in
    0403*) echo snd_hda_intel ;;
    0c03*) echo xhci_pci ;;
    0c80*) echo i2c_nvidia_gpu ;;
    esac
    target_name "$devices/$function/driver/module" | grep -vx vfio_pci || :
  done
}

# want_modules: lines for modules-load.d. Kernels from 6.2 on have vfio_virqfd inside vfio.
want_modules() {
  wanted_modules="vfio vfio_iommu_type1 vfio_pci"
  if modinfo -k "$kernel" vfio_virqfd >/dev/null 2>&1; then wanted_modules="$wanted_modules vfio_virqfd"; fi
  there=$(other_files /etc/modules /etc/modules-load.d/*.conf | sed 's/#.*//; s/-/_/g' | tr -s '[:space:]' ' ')
  missing_modules=$(words_without "$wanted_modules" "$there")
}

# want_modprobe: lines for modprobe.d that no other file has.
want_modprobe() {
  there=$(other_files /lib/modprobe.d/*.conf /etc/modprobe.d/*.conf | sed 's/#.*//; s/[[:space:]][[:space:]]*/ /g; s/^ //; s/ $//')
  missing_modprobe=$(
    {
      printf 'blacklist %s\n' nouveau nvidia nvidiafb
      soft_dependencies | sort -u | sed -n 's/^\(..*\)$/softdep \1 pre: vfio-pci/p'
    } | while IFS= read -r wanted; do
      if ! has_line "$wanted" "$there"; then printf '%s\n' "$wanted"; fi
    done
  )
  taken=$(printf '%s\n' "$there" | sed -n 's/^options vfio[-_]pci .*ids=\([^ ]*\).*/\1/p')
  last=$(printf '%s\n' "$taken" | tail -n 1 | tr , ' ')
  if [ -n "$(words_without "$ids" "$last")" ]; then
    all=$(printf '%s %s' "$(printf '%s' "$taken" | tr ',\n' '  ')" "$ids" | tr -s ' ' '\n' | sort -u | tr '\n' ' ')
    all=$(words_without "$all" "")
    missing_modprobe="$missing_modprobe${missing_modprobe:+
}options vfio-pci ids=$(printf '%s' "$all" | tr ' ' ,)"
  fi
}

# plan_files: the text that each of our files must have; empty where all is said elsewhere.
plan_files() {
  others_words=$(words_without "$(configured_words)" "")
  missing_words=$(words_without "$wanted_words" "$others_words")
  cmdline_text='' grub_text='' modules_text='' modprobe_text=''
  if [ "$loader" = systemd-boot ]; then
    cmdline_text="$others_words${missing_words:+ }$missing_words"
    # Spaces and line breaks may differ; words may not.
    if [ "$cmdline_text" = "$(words_without "$(tr '\n' ' ' <"$cmdline_file")" "")" ]; then cmdline_text=''; fi
  elif [ -n "$missing_words" ]; then
    grub_text="$heading
GRUB_CMDLINE_LINUX_DEFAULT=\"\${GRUB_CMDLINE_LINUX_DEFAULT:-} $missing_words\""
  fi
  if [ -n "$missing_modules" ]; then modules_text=$(printf '%s\n' "$heading" && printf '%s\n' "$missing_modules" | tr ' ' '\n'); fi
  if [ -n "$missing_modprobe" ]; then modprobe_text=$(printf '%s\n' "$heading" "$missing_modprobe"); fi
}

# differs FILE TEXT: whether it has to be written.
differs() { [ -n "$2" ] && [ "$(cat "$1" 2>/dev/null || :)" != "$2" ]; }

# list_missing: one line for each thing that is not in the files. A file that we wrote before and that still fits counts.
list_missing() {
  if [ -n "$cmdline_text" ]; then echo "kernel command line: $cmdline_text"; fi
  if differs "$grub_file" "$grub_text"; then echo "kernel command line: $missing_words"; fi
  if differs "$modules_file" "$modules_text"; then for word in $missing_modules; do echo "module at boot: $word"; done; fi
  if differs "$modprobe_file" "$modprobe_text"; then printf '%s\n' "$missing_modprobe" | sed 's/^/modprobe: /'; fi
  # Somebody may have written the files and never have made the boot loader and the initramfs read them.
  if [ -n "$ineffective" ] && [ "$(cat "$state/settled" 2>/dev/null || :)" != "$wanted_sum" ]; then
    echo "boot loader and initramfs: to be made from these files"
  fi
  for path in "$state"/pending-*; do if [ -e "$path" ]; then echo "a step that a killed run left: ${path##*/pending-}"; fi; done
}

# list_ineffective: one line for each thing that the running system lacks: why it has to boot again.
list_ineffective() {
  for word in $(words_without "$wanted_words" "$running_cmdline"); do echo "the running kernel was started without $word"; done
  if [ "$iommu_active" = no ]; then echo "the IOMMU is not on"; fi
  for function in $functions; do
    driver=$(pci_driver "$function")
    case $driver in '' | vfio-pci) ;; *) echo "$function is bound to $driver" ;; esac
  done
}

# survey: all of it.
survey() {
  read_facts
  read_cards
  want_words
  wanted_modules='' missing=''
  ineffective=$(list_ineffective)
  case $loader in
  grub | systemd-boot)
    want_modules
    want_modprobe
    plan_files
    ;;
  *) return 0 ;;
  esac
  # Names what is wanted of this host: another GPU or another setting is another name.
  wanted_sum=$(printf '%s|' "$wanted_words" "$wanted_modules" "$functions" "$ids" | sha256sum | cut -c1-16)
  missing=$(list_missing)
}
