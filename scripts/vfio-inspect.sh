# shellcheck shell=sh
# Stage inspect: what the host is, as one JSON object. Writes nothing.

# All of it is the kernel's own hexadecimal numbers and names of drivers: nothing to escape.
function_json() (
  driver=$(pci_driver "$1")
  if [ -n "$driver" ]; then driver="\"$driver\""; fi
  group=$(pci_group "$1")
  printf '{"pci":"%s","id":"%s","subsystem":"%s","class":"%s","driver":%s,"group":%s}' "$1" "$(pci_id "$1")" \
    "$(pci_subsystem "$1")" "$(pci_class "$1")" "${driver:-null}" "${group:-null}"
)
yes_no_json() { case $1 in yes) printf true ;; no) printf false ;; *) printf null ;; esac; }

# The JSON of a list of words, one function for each kind of word.
# shellcheck disable=SC2046
words_json() { list_json "$1" $(printf '%s' "$2"); }

vm_json() {
  printf '{"id":%s,"name":%s}' "$1" "$(json_or_null "$(vm_name "$1")")"
}

gpu_json() (
  own=$(functions_of "$1")
  group=$(pci_group "$1")
  printf '{"pci":%s,"primaryDisplay":%s,"functions":%s,"groupMembers":%s,"vms":%s}' "$(json "$1")" \
    "$(if [ "$(first_line "$devices/$1/boot_vga")" = 1 ]; then echo true; else echo false; fi)" \
    "$(words_json function_json "$own")" \
    "$(words_json function_json "$(words_without "$(group_members "${group:-none}")" "$own")")" \
    "$(words_json vm_json "$(vms_using "$1")")"
)

addresses() { for gpu in $gpus; do printf '%s ' "${gpu%%=*}"; done; }

# drift_of FILE TEXT: what is in one of our files, and what belongs there.
drift_of() {
  if ! differs "$1" "$2"; then return 0; fi
  found='no such file'
  if [ -e "$1" ]; then found=$(sed '/^#/d' "$1" | tr '\n' ' '); fi
  expected=$(printf '%s\n' "$2" | sed '/^#/d' | tr '\n' ' ')
  echo "$1: found $(public_words "$found"), expected $(public_words "$expected")"
}

# drift_lines: what is not as an apply of the same settings left it. Nothing of a host that has none behind it.
drift_lines() {
  if [ "$(cat "$state/settled" 2>/dev/null || :)" != "${wanted_sum:-none}" ]; then return 0; fi
  drift_of "$cmdline_file" "$cmdline_text"
  drift_of "$grub_file" "$grub_text"
  drift_of "$modules_file" "$modules_text"
  drift_of "$modprobe_file" "$modprobe_text"
  # Before the reboot that it asked for, an up is not through.
  asked=$(cat "$state/reboot" 2>/dev/null || :)
  if [ -n "$asked" ] && [ "${asked%% *}" != "$boot_id" ]; then printf '%s\n' "$ineffective"; fi
}

# inspection_json: after survey, and after the checks where their faults belong to it.
inspection_json() {
  printf '{"tokenrack":"vfio","host":%s,"bootId":%s,"kernel":%s,"pve":%s,"cpu":%s,"loader":%s,"commandLine":%s' \
    "$(json "$host")" "$(json "$boot_id")" "$(json "$kernel")" "$(json "$pve")" "$(json "$cpu")" "$(json "$loader")" \
    "$(json "$(public_words "$running_cmdline")")"
  printf ',"iommu":{"firmware":%s,"active":%s},"quorate":%s,"ceph":%s' "$(yes_no_json "$iommu_firmware")" \
    "$(yes_no_json "$iommu_active")" "$(yes_no_json "$(quorate)")" "$(json_or_null "$(ceph_health)")"
  printf ',"gpus":%s,"runningVms":%s' "$(words_json gpu_json "$(addresses)")" \
    "$(words_json vm_json "$(running_vms | cut -d ' ' -f 1)")"
  printf ',"missing":%s,"ineffective":%s,"drift":%s,"faults":[%s]}\n' "$(lines_json "$missing")" "$(lines_json "$ineffective")" \
    "$(lines_json "$(drift_lines)")" "$fault_json"
}

# Stage look: all of it, faults as data. For a preview.
stage_look() {
  survey
  check_all
  inspection_json
}

stage_inspect() {
  survey
  check_all
  stop_on_faults "$EXIT_REFUSED" "refused before any change"
  inspection_json
}
