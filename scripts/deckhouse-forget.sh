# shellcheck shell=sh disable=SC2154
# Forgets an installation, so that the next one starts anew; the log stays. The cluster itself goes with its VMs.
# Settings: state; of deckhouse-registry.sh.

stage_forget() {
  rm -rf "$state/private" "$state/dhctl" "$state/started" "$state/started.yaml" "$state/installed"
  distrust_registry
}
