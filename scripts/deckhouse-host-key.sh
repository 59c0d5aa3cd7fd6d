# shellcheck shell=sh disable=SC2154
# Asks the first master for its public host key, from the Proxmox host that it runs on: the question goes over that host's
# bridge and not over the way from here. Who answers is believed, once; compare the key with the master's console.
# Settings: address, port, wait_seconds (for sshd, while the machine boots for the first time).
# Prints type and key on one line.

stage_host_key() {
  command -v ssh-keyscan >/dev/null ||
    fail "$EXIT_REFUSED" 'this host' 'no ssh-keyscan' 'the OpenSSH client' 'install openssh-client, or set cluster.masterHostKey'
  deadline=$(($(date +%s) + wait_seconds))
  while :; do
    key=$(ssh-keyscan -T 5 -t ed25519 -p "$port" "$address" 2>/dev/null | awk '$2 == "ssh-ed25519" { print $2 " " $3; exit }')
    [ -z "$key" ] || break
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail 1 "sshd on $address port $port" "no ed25519 host key within $wait_seconds s" 'the first master, up' \
        'look at the console of its VM: address, gateway, cloud-init'
    sleep "${poll_seconds:-5}"
  done
  printf '%s\n' "$key"
}
