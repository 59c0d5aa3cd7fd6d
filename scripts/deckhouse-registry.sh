# shellcheck shell=sh disable=SC2154
# The CA of a registry of one's own, where docker and podman look for it: without it they refuse the installer's image.
# Settings: cluster; registry_host and registry_ca (PEM), where there is such a registry.

# certs_of ENGINE: its directory of registries' certificates. The one that podman has for a user needs no root.
certs_of() {
  case $1 in
  *podman)
    if [ "$(id -u)" = 0 ]; then echo "${REGISTRY_CERTS:-/etc/containers/certs.d}"; else echo "${REGISTRY_CERTS:-${XDG_CONFIG_HOME:-$HOME/.config}/containers/certs.d}"; fi
    ;;
  *) echo "${REGISTRY_CERTS:-/etc/docker/certs.d}" ;;
  esac
}

# owner COMMAND: as who may write there.
owner() {
  case $certs in
  "$HOME"/*) "$@" ;;
  *) if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi ;;
  esac
}

# trust_registry: before the image is pulled. Every file *.crt in that directory counts, so that nobody's own is overwritten.
trust_registry() {
  [ -n "${registry_ca:-}" ] || return 0
  certs=$(certs_of "$engine_bin")/$registry_host
  for known in "$certs"/*.crt; do
    [ "$(cat "$known" 2>/dev/null)" != "$registry_ca" ] || return 0
  done
  ours=$certs/tokenrack-$cluster.crt
  if (umask 022 && owner mkdir -p "$certs" && printf '%s\n' "$registry_ca" | owner tee "$ours.partial" >/dev/null && owner mv "$ours.partial" "$ours"); then
    say "$engine_bin trusts the CA of $registry_host from now on: $ours"
  else
    fail "$EXIT_REFUSED" "the CA of $registry_host for $engine_bin" "none in $certs, and no right to write there" 'cluster.registry.ca in a file *.crt there' \
      "put it at $ours as root, or let this user have sudo without a password; nothing was changed"
  fi
}

# distrust_registry: takes our own file back.
distrust_registry() {
  [ -n "${registry_ca:-}" ] || return 0
  for engine_bin in docker podman; do
    certs=$(certs_of "$engine_bin")/$registry_host
    ours=$certs/tokenrack-$cluster.crt
    [ ! -e "$ours" ] || owner rm -f "$ours" || say "could not remove $ours"
  done
}
