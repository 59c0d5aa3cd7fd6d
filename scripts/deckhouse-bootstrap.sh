# shellcheck shell=sh disable=SC2154
# Installs Deckhouse on the first master with its installer image (dhctl), on a bootstrap host or on this machine.
# Settings: cluster, state (directory that stays), image, registry (asks for the licence key; empty for none), engine (docker,
# podman or auto), master_address, master_port, master_user, config (YAML), deckhouse_timeout; of deckhouse-registry.sh.
# By standard input: nodeSshKey.base64, masterHostKey (the master's public host key), and the secrets that config names.
# Prints the uid of the cluster. Run again: an installed cluster is left alone, one that was cut off goes on.

umask 077
LC_ALL=C
export LC_ALL
private=$state/private
container=tokenrack-dhctl-$cluster
started=$state/started
installed=$state/installed
log=$state/bootstrap.log

# --- what may be left behind by a run that was killed ---

stop_container() {
  [ -n "${engine_bin:-}" ] || return 0
  "$engine_bin" stop -t 60 "$container" >/dev/null 2>&1 || :
  "$engine_bin" rm --force "$container" >/dev/null 2>&1 || :
}

clean() {
  code=$?
  trap - EXIT
  # The installer outlives the client that started it: left alone it would work on without its lock.
  [ -z "${running:-}" ] || stop_container
  [ -z "${locked:-}" ] || rm -rf "$private"
  exit "$code"
}

# --- lock ---

take_lock() {
  mkdir -p "$state/dhctl"
  chmod 700 "$state" "$state/dhctl"
  exec 9>>"$state/lock"
  if ! flock -n 9; then
    fail "$EXIT_BUSY" "the lock $state/lock" "held by $(cat "$state/lock.holder" 2>/dev/null || echo 'another process')" \
      'one installation at a time' 'wait until that one has ended'
  fi
  locked=yes
  printf 'process %s on %s since %s\n' "$$" "$(uname -n)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$state/lock.holder"
}

# --- the master ---

write_private() {
  rm -rf "$private"
  mkdir "$private"
  secret_of nodeSshKey.base64 | base64 -d >"$private/ssh-key" ||
    fail "$EXIT_REFUSED" 'the secret nodeSshKey' 'no base64' 'a private key' 'set it again'
  where=$master_address
  [ "$master_port" = 22 ] || where="[$master_address]:$master_port"
  printf '%s %s\n' "$where" "$(secret_of masterHostKey)" >"$private/known_hosts"
}

# on_master COMMAND: over SSH, only to the host with the given key.
on_master() {
  ssh -T -F /dev/null -i "$private/ssh-key" -p "$master_port" -o BatchMode=yes -o IdentitiesOnly=yes \
    -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$private/known_hosts" -o GlobalKnownHostsFile=/dev/null \
    -o UpdateHostKeys=no -o ConnectTimeout=15 -o ServerAliveInterval=15 -o LogLevel=ERROR \
    "$master_user@$master_address" "$1" </dev/null 9>&-
}

# Prints what is on the master: "clean", "begun" (the installer has worked there), or "uid <uid>" of a cluster with Deckhouse.
# shellcheck disable=SC2016 # the master's shell is to expand it
look='PATH=$PATH:/opt/deckhouse/bin; export PATH; conf=${ADMIN_CONF:-/etc/kubernetes/admin.conf}
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n env PATH="$PATH" "$@"; fi; }
if root test -e "$conf" && root kubectl --kubeconfig "$conf" --request-timeout=30s -n d8-system get deploy deckhouse -o name >/dev/null 2>&1; then
  printf "uid "; root kubectl --kubeconfig "$conf" get ns kube-system -o "jsonpath={.metadata.uid}"
elif root test -e "$conf" || root test -d "${BASHIBLE:-/var/lib/bashible}"; then printf begun
else printf clean; fi'

look_at_master() {
  found=$(on_master "$look" 2>"$private/ssh.log") || fail "$EXIT_REFUSED" "SSH to $master_user@$master_address port $master_port" \
    "$(tail -n 3 "$private/ssh.log" | tr '\n' ' ')" 'a login with the node key, to the host with the given key, and sudo without a password' \
    'check address, user, host key, and what cloud-init did; nothing was changed'
}

# --- a configuration that changed half way ---

wanted_hash() { printf '%s\n%s\n' "$image" "$config" | sha256sum | cut -d ' ' -f 1; }

# The secrets play no part: a wrong licence key may be put right half way.
check_unchanged() {
  if [ -e "$started" ] && [ "$(cat "$started")" != "$(wanted_hash)" ] && [ "$found" != clean ]; then
    say 'the configuration that the installation began with, and the one of now:'
    printf '%s\n%s\n' "# $image" "$config" | diff -u "$started.yaml" - | tail -n +3 | head -n 30 >&2 || :
    fail "$EXIT_REFUSED" "the configuration in $started.yaml" 'another one now, and the installer has already worked on the master' \
      'the same configuration until the installation is complete' \
      "put it back and run again; or make the master's VM anew, remove $state, and start over"
  fi
  printf '%s\n%s\n' "# $image" "$config" >"$started.yaml"
  wanted_hash >"$started"
}

# --- the installer ---

find_tools() {
  for tool in ssh flock sha256sum base64 awk; do
    command -v "$tool" >/dev/null ||
      fail "$EXIT_REFUSED" 'this host' "no $tool" 'Linux with ssh, flock, sha256sum, base64 and awk' "install $tool, or name another bootstrap host"
  done
}

find_engine() {
  case $engine in
  auto) engine_bin=$(command -v docker || command -v podman || :) ;;
  *) engine_bin=$(command -v "$engine" || :) ;;
  esac
  [ -n "$engine_bin" ] || fail "$EXIT_REFUSED" 'this host' "no $(echo "$engine" | sed 's/auto/docker or podman/')" 'one that runs the installer image' \
    'install docker.io or podman, or name another bootstrap host'
}

# The registry's login, for this run alone: docker's own would stay in the user's home.
write_login() {
  [ -n "$registry" ] || return 0
  DOCKER_CONFIG=$private
  REGISTRY_AUTH_FILE=$private/config.json
  export DOCKER_CONFIG REGISTRY_AUTH_FILE
  login=$({ printf 'license-token:' && secret_of deckhouseLicenseKey; } | base64 | tr -d '\n')
  printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$registry" "$login" >"$private/config.json"
}

install() {
  printf '%s\n' "$config" | fill >"$private/config.yml" ||
    fail "$EXIT_REFUSED" 'the configuration' 'a secret without a value' 'every secret it names' 'set the secret in the stack'
  write_login
  # ssh in the image takes an unknown key at first sight: this file is where it would note it, and so the key is known.
  cp "$private/known_hosts" "$private/.ssh_known_hosts"
  say "runs $image; the log is $log"
  printf '=== %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$image" >>"$log"
  running=yes
  {
    exec 9>&-
    result=0
    "$engine_bin" run --rm --pull=always --network=host --security-opt label=disable --name "$container" \
      -v "$private/config.yml:/tokenrack/config.yml:ro" -v "$private/ssh-key:/tokenrack/ssh-key:ro" \
      -v "$private/.ssh_known_hosts:/.ssh_known_hosts" -v "$state/dhctl:/tmp/dhctl" "$image" \
      dhctl bootstrap --ssh-host="$master_address" --ssh-port="$master_port" --ssh-user="$master_user" \
      --ssh-agent-private-keys=/tokenrack/ssh-key --config=/tokenrack/config.yml --cache-dir=/tmp/dhctl \
      --deckhouse-timeout="$deckhouse_timeout" --logger-type=simple --do-not-write-debug-log-file \
      2>&1 </dev/null || result=$?
    printf '%s\n' "$result" >"$private/result.$$"
  } | { exec 9>&- && hide; } | { exec 9>&- && exec tee -a "$log" >&2; } &
  # In the background, so that a signal is heard at once and not after an hour.
  wait $! || :
  running=
  result=$(cat "$private/result.$$" 2>/dev/null || echo 'no end')
  [ "$result" = 0 ] || fail 1 'the installer' "it ended with $result; its last words are in $log" 'exit code 0' \
    'mend what it says and run again: it goes on where it was'
}

remember() {
  printf '%s\n' "$1" >"$installed.partial"
  mv "$installed.partial" "$installed"
  printf '%s\n' "$1"
}

stage_bootstrap() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  read_secrets
  find_tools
  take_lock
  find_engine
  stop_container
  write_private
  look_at_master
  tombstone=$(find "$state/dhctl" -name .tombstone 2>/dev/null | head -n 1)
  case $found in
  'uid '?*)
    if [ -e "$installed" ] || [ -n "$tombstone" ] || [ ! -e "$started" ]; then
      say 'Deckhouse is installed: left alone'
      remember "${found#uid }"
      return
    fi
    ;;
  *)
    if [ -e "$installed" ] || [ -n "$tombstone" ]; then
      fail "$EXIT_REFUSED" "Deckhouse on $master_address" "none that answers, and $state says that it was installed" 'the cluster that was installed' \
        "where it is only down, start it; where its VM was made anew, remove $state and run again"
    fi
    ;;
  esac
  check_unchanged
  trust_registry
  install
  look_at_master
  case $found in
  'uid '?*) remember "${found#uid }" ;;
  *) fail 1 "Deckhouse on $master_address" 'the installer was content, and there is no deployment d8-system/deckhouse' 'Deckhouse' "read $log" ;;
  esac
}
