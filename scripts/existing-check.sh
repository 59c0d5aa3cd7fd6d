# shellcheck shell=sh disable=SC2154
# Looks at a cluster that is there already, and changes nothing in it. The kubeconfig comes by standard input, is written
# to a file of mode 0600 for kubectl, and removed. Settings: cluster, floor (oldest minor version of Kubernetes 1), pools
# ("name count gpus labels", a line each; labels as key=value,key=value or -).
# Prints one JSON object: the version, and the nodes of each pool.

set -eu
umask 077
work=
clean() { [ -z "$work" ] || rm -rf "$work"; }

kubectl_here() { kubectl --kubeconfig "$work/kubeconfig" --request-timeout=20s "$@" </dev/null; }

faults=
# collect CHECKED FOUND EXPECTED FIX
collect() {
  faults="$faults
  checked:  $1
  found:    $2
  expected: $3
  fix:      $4"
}

check_version() {
  version=$(kubectl_here get --raw /version | sed -n 's/.*"gitVersion": *"\([^"]*\)".*/\1/p')
  minor=$(printf '%s' "$version" | sed -n 's/^v1\.\([0-9]*\).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge "$floor" ] && return
  collect 'Kubernetes' "${version:-no version}" "1.$floor or newer" 'upgrade the cluster'
}

# check_pool NAME COUNT GPUS LABELS: nodes that carry the labels, and what their device plugin offers.
check_pool() {
  selector=$4
  [ "$selector" != - ] || selector=
  lines=$(kubectl_here get nodes ${selector:+-l "$selector"} -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.status.allocatable.nvidia\.com/gpu}{"\n"}{end}')
  found=$(printf '%s\n' "$lines" | awk '$2 == "True"' | wc -l)
  result="$result${result:+,}\"$1\":$((found))"
  [ "$found" -ge "$2" ] || collect "nodes of pool $1" "$((found)) Ready with ${selector:-any label}" "$2" \
    "correct the pool's labels or count; kubectl get nodes --show-labels shows what there is"
  [ "$3" -gt 0 ] || return 0
  few=$(printf '%s\n' "$lines" | awk -v wanted="$3" 'NF > 2 && $3 < wanted { printf "%s%s has %d", sep, $1, $3; sep = ", " }')
  [ -z "$few" ] || collect "GPUs of pool $1" "$few allocatable" "$3 a node" "correct the pool's gpusPerNode, or free the GPUs"
  none=$(printf '%s\n' "$lines" | awk 'NF == 2 { printf "%s%s", sep, $1; sep = ", " }')
  [ -z "$none" ] || printf '%s: no device plugin yet on %s: GPUs are counted once it runs\n' "$cluster" "$none" >&2
}

stage_check() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  command -v kubectl >/dev/null || {
    collect 'this machine' 'no kubectl' 'kubectl, to look at the cluster' 'install it: https://kubernetes.io/docs/tasks/tools/'
    printf '%s: the cluster does not suit%s\n' "$cluster" "$faults" >&2
    exit 3
  }
  work=$(mktemp -d)
  cat >"$work/kubeconfig"
  if ! answer=$(kubectl_here get --raw /readyz 2>&1); then
    collect 'the API' "$(printf '%s' "$answer" | tail -n 1)" 'ok from /readyz' 'check the kubeconfig and the way to the cluster'
  else
    check_version
    result=
    # A here-document keeps the loop in this shell: faults that a pipe's subshell collected would be lost.
    while read -r pool count gpus labels; do
      [ -z "$pool" ] || check_pool "$pool" "$count" "$gpus" "$labels"
    done <<POOLS
$pools
POOLS
  fi
  if [ -n "$faults" ]; then
    printf '%s: the cluster does not suit%s\n' "$cluster" "$faults" >&2
    exit 3
  fi
  printf '{"version":"%s","nodes":{%s}}\n' "$version" "$result"
}
