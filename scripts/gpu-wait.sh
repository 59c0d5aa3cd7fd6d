# shellcheck shell=sh disable=SC2154
# Waits until the GPUs that the plan counts on can be asked for, on every node of every pool. Changes nothing. The kubeconfig
# comes by standard input, is written to a file of mode 0600 for kubectl, and removed. Settings: pools ("name count gpus
# labels", a line each; labels as key=value,key=value or -), namespaces (of the operands, by blanks; may be empty),
# wait_seconds. Prints the GPUs of each pool as JSON.

set -eu
umask 077
work=
clean() { [ -z "$work" ] || rm -rf "$work"; }

kubectl_here() { kubectl --kubeconfig "$work/kubeconfig" --request-timeout=20s "$@" </dev/null; }

# nodes_of LABELS: "<name> <Ready> <gpus>" a line.
nodes_of() {
  selector=$1
  [ "$selector" != - ] || selector=
  kubectl_here get nodes ${selector:+-l "$selector"} -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.status.allocatable.nvidia\.com/gpu}{"\n"}{end}'
}

# look: sets missing to what is not there yet, a line a pool, and result to the JSON.
look() {
  missing=
  result=
  while read -r pool count gpus labels; do
    [ -n "$pool" ] || continue
    lines=$(nodes_of "$labels" 2>"$work/said") || { missing="the API: $(tail -n 1 "$work/said")"; return 0; }
    there=$(printf '%s\n' "$lines" | awk -v wanted="$gpus" '$2 == "True" && NF > 2 && $3 >= wanted' | wc -l)
    result="$result${result:+,}\"$pool\":$((there * gpus))"
    [ "$there" -lt "$count" ] || continue
    few=$(printf '%s\n' "$lines" | awk -v wanted="$gpus" 'NF && !($2 == "True" && NF > 2 && $3 >= wanted) { printf "%s%s (%s GPUs%s)", sep, $1, (NF > 2 ? $3 : "no"), ($2 == "True" ? "" : ", not Ready"); sep = ", " }')
    missing="$missing${missing:+
}$pool: $there of $count nodes have $gpus GPUs each; not yet: ${few:-nodes with these labels}"
  done <<EOF
$pools
EOF
}

# Operands that do not run, each with its reason and the end of its log.
failing() {
  for namespace in $namespaces; do
    kubectl_here get pods -n "$namespace" -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.spec.nodeName}{" "}{.status.phase}{" "}{range .status.containerStatuses[*]}{.ready}{","}{.state.waiting.reason}{";"}{end}{range .status.initContainerStatuses[*]}{.state.waiting.reason}{";"}{end}{"\n"}{end}' 2>/dev/null |
      awk '$3 != "Succeeded" && ($3 != "Running" || $0 ~ /false,/) { print $1, $2, $3, $4 }' | head -n 4 |
      while read -r pod node phase state; do
        printf '  pod %s/%s on %s: %s %s\n' "$namespace" "$pod" "${node:-no node}" "$phase" "$(printf '%s' "$state" | tr -d ';' | sed 's/false,/ /g; s/true,/ /g')"
        kubectl_here logs -n "$namespace" "$pod" --all-containers --tail=5 2>/dev/null | tail -n 8 | cut -c1-300 | sed 's/^/    /'
      done
  done
}

stage_wait() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  command -v kubectl >/dev/null || {
    printf 'GPUs could not be waited for\n  checked:  this machine\n  found:    no kubectl\n  expected: kubectl\n  fix:      install it: https://kubernetes.io/docs/tasks/tools/\n' >&2
    exit 3
  }
  work=$(mktemp -d)
  cat >"$work/kubeconfig"
  said=
  waited=0
  step=5
  while :; do
    look
    [ -n "$missing" ] || break
    [ "$missing" = "$said" ] || printf '%s s: %s\n' "$waited" "$missing" >&2
    said=$missing
    if [ "$waited" -ge "$wait_seconds" ]; then
      printf 'the GPUs are not there after %s s\n  checked:  nvidia.com/gpu allocatable on every node\n  found:    %s\n  expected: what the plan counts on\n  fix:      see the pods below; then run again, which waits anew\n' "$waited" "$missing" >&2
      failing >&2
      exit 3
    fi
    sleep "$step"
    waited=$((waited + step))
  done
  printf '{%s}\n' "$result"
}
