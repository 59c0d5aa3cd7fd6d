# shellcheck shell=sh
# Stage verify: what the host is after all, as one JSON object. Writes nothing.

check_result() {
  if [ -n "$rebooted_from" ] && [ "$rebooted_from" = "$boot_id" ]; then
    fault "reboot" "$host still runs boot $boot_id" "another boot" "see why it did not reboot (journalctl -u tokenrack-reboot), reboot it by hand, then run again"
  fi
  if needs_change; then
    fault "passthrough" "$(one_line "$missing
$ineffective")" "vfio-pci or no driver on $functions" \
      "look at dmesg | grep -e DMAR -e AMD-Vi -e vfio on $host, then run again"
  fi
}

stage_verify() {
  survey
  check_result
  check_all
  if ! wait_until "$settle_seconds" is_quorate; then
    fault "quorum of the Proxmox cluster" "$host is not quorate $settle_seconds s after it is back" "Quorate: Yes" "see pvecm status and systemctl status corosync on $host, then run again"
  fi
  stop_on_faults "$EXIT_WRONG" "not ready for passthrough"
  inspection_json
}
