# shellcheck shell=sh disable=SC2154
# Looks at a cluster that is there already, and changes nothing in it. On cluster-lib.sh. Settings: stack, floor (oldest minor
# version of Kubernetes 1), pools ("name count gpus labels", a line each; labels as key=value,key=value or -), kinds (names of the
# CustomResourceDefinitions that monitoring.kind needs, a line each; none without monitoring), monitoring (its kind).
# Prints one JSON object: the version, and the nodes of each pool.

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
  [ -z "$none" ] || say "$stack: no device plugin yet on $none: GPUs are counted once it runs"
}

# check_kinds: what describes scraping and alerts has to be known to the cluster, or its objects are refused at the very end.
check_kinds() {
  missing=
  for kind in $kinds; do
    if ! known=$(kubectl_here get customresourcedefinitions.apiextensions.k8s.io "$kind" --ignore-not-found -o name 2>&1); then
      say "$stack: whether the cluster knows $kind could not be looked up: $(printf '%s' "$known" | tail -n 1)"
    elif [ -z "$known" ]; then
      missing="$missing${missing:+, }$kind"
    fi
  done
  [ -z "$missing" ] || collect "monitoring.kind: $monitoring" "no $missing" 'the CustomResourceDefinitions of its monitors and rules' \
    'install Prometheus Operator, or write monitoring.kind: none'
}

stage_check() {
  begin "$stack: the cluster could not be looked at"
  if ! answer=$(kubectl_here get --raw /readyz 2>&1); then
    collect 'the API' "$(printf '%s' "$answer" | tail -n 1)" 'ok from /readyz' 'check the kubeconfig and the way to the cluster'
  else
    check_version
    check_kinds
    result=
    # A here-document keeps the loop in this shell: faults that a pipe's subshell collected would be lost.
    while read -r pool count gpus labels; do
      [ -z "$pool" ] || check_pool "$pool" "$count" "$gpus" "$labels"
    done <<POOLS
$pools
POOLS
  fi
  if [ -n "$faults" ]; then
    say "$stack: the cluster does not suit$faults"
    exit 3
  fi
  printf '{"version":"%s","nodes":{%s}}\n' "$version" "$result"
}
