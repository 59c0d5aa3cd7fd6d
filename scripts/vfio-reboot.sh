# shellcheck shell=sh
# Stage reboot: reboots the host where what was applied is not in effect yet, and only with consent. It returns once no
# new connection is taken any more: whoever connects next meets the host after its reboot.

# Seconds to wait for sshd to close, and until sshd is opened again where the reboot does not come.
readonly CLOSE_SECONDS=10 REOPEN_SECONDS=600

# listening PORT: whether anything takes connections there. "0A" is the kernel's word for listening.
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:[0-9A-F]{4} 0A "
}

closed() { ! listening "$1"; }

# wait_for_cluster: a host that goes while the cluster is not whole takes it down.
wait_for_cluster() {
  if ! wait_until "$settle_seconds" is_quorate; then
    fault "quorum of the Proxmox cluster" "not quorate for $settle_seconds s" "Quorate: Yes" "bring the other hosts back (pvecm status), then run again"
  fi
  if ! wait_until "$settle_seconds" is_healthy; then
    fault "Ceph's health" "$(ceph_health) for $settle_seconds s" "HEALTH_OK" "see \`ceph health detail\`, mend it, then run again"
  fi
}

# check_reboot: whether it may be, and makes sense.
check_reboot() {
  if [ -n "$missing" ]; then
    fault "files of the host" "missing: $(one_line "$missing")" "all applied" "run again: the stage before applies them"
  fi
  last=$(cat "$state/reboot" 2>/dev/null || :)
  if [ "${last#* }" = "$wanted_sum" ] && [ "${last%% *}" != "$boot_id" ]; then
    fault "state after the reboot" "$(one_line "$ineffective")" "all in effect after one reboot" \
      "look for what stands against it (dmesg | grep -e DMAR -e IOMMU -e vfio), then reboot $host by hand; it is not rebooted again for the same change"
  fi
  if [ "$reboot_consent" != ifNeeded ]; then
    fault "consent to reboot" "reboot: never, and $(one_line "$ineffective")" "reboot: ifNeeded, or a host that has been rebooted" \
      "reboot $host yourself, or set reboot: ifNeeded for it; then run again. All files are in place"
  fi
  for gpu in $gpus; do check_vms "${gpu%%=*}"; done
}

# The host's own half, which outlives this session: closes sshd, waits for the session to end so that its result is not
# cut off, reboots, and opens sshd again where that fails. Open sessions stay open when the service stops.
reboot_script() {
  cat <<SCRIPT
systemctl stop ssh.socket 2>/dev/null
systemctl stop ssh.service
tries=0
while kill -0 $$ 2>/dev/null && [ \$tries -lt 1200 ]; do
  tries=\$((tries + 1))
  sleep 0.1
done
sleep $linger_seconds
systemctl reboot && sleep $REOPEN_SECONDS
systemctl start ssh.service
SCRIPT
}

# start_reboot PORT
start_reboot() {
  if ! reboot_asked; then
    systemd-run --quiet --collect --unit=tokenrack-reboot /bin/sh -c "$(reboot_script)" 9>&-
  fi
  if wait_until "$CLOSE_SECONDS" closed "$1"; then return 0; fi
  systemctl stop tokenrack-reboot.service || :
  systemctl start ssh.service || :
  fault "sshd before the reboot" "port $1 still takes connections $CLOSE_SECONDS s after ssh.service was stopped" "sshd under ssh.service" "reboot $host by hand, then run again"
  stop_on_faults "$EXIT_WRONG" "not rebooted"
}

reboot_asked() { systemctl is-active --quiet tokenrack-reboot.service; }

# SSH_CONNECTION: client's address and port, then ours.
stage_reboot() {
  # A run that was killed asked for it, and the host has not gone yet: there is no time to lose, and nothing to decide.
  if reboot_asked; then
    boot_id=$(first_line /proc/sys/kernel/random/boot_id)
    start_reboot "${1##* }"
    printf '{"tokenrack":"vfio-reboot","from":%s}\n' "$(json "$boot_id")"
    return 0
  fi
  survey
  if [ -z "$ineffective" ]; then
    say "no reboot is needed"
    printf '{"tokenrack":"vfio-reboot","from":null}\n'
    return 0
  fi
  check_reboot
  stop_on_faults "$EXIT_REFUSED" "not rebooted"
  take_lock
  wait_for_cluster
  stop_on_faults "$EXIT_REFUSED" "not rebooted"
  say "rebooting from boot $boot_id: $(one_line "$ineffective"). If it stays away, look at its console"
  write_whole "$state/reboot" "$boot_id $wanted_sum"
  start_reboot "${1##* }"
  printf '{"tokenrack":"vfio-reboot","from":%s}\n' "$(json "$boot_id")"
}
