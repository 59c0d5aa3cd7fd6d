# shellcheck shell=sh disable=SC2154
# Waits until the GPUs that the plan counts on can be asked for, on every node of every pool. Changes nothing. On cluster-lib.sh.
# Settings: pools ("name count gpus labels", a line each; labels as key=value,key=value or -), namespaces (of the operands, by
# blanks; may be empty), resource (name of a GPU, its dots behind backslashes), wait_seconds. Prints the GPUs of each pool as JSON.

# nodes_of LABELS: "<name> <Ready> <gpus>" a line.
nodes_of() {
  selector=$1
  [ "$selector" != - ] || selector=
  kubectl_here get nodes ${selector:+-l "$selector"} -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.status.allocatable.'"$resource"'}{"\n"}{end}'
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
  for room in $namespaces; do
    kubectl_here get pods -n "$room" -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.spec.nodeName}{" "}{.status.phase}{" "}{range .status.containerStatuses[*]}{.ready}{","}{.state.waiting.reason}{";"}{end}{range .status.initContainerStatuses[*]}{.state.waiting.reason}{";"}{end}{"\n"}{end}' 2>/dev/null |
      awk '$3 != "Succeeded" && ($3 != "Running" || $0 ~ /false,/) { print $1, $2, $3, $4 }' | head -n 4 |
      while read -r pod node phase state; do
        printf '  pod %s/%s on %s: %s %s\n' "$room" "$pod" "${node:-no node}" "$phase" "$(printf '%s' "$state" | tr -d ';' | sed 's/false,/ /g; s/true,/ /g')"
        kubectl_here logs -n "$room" "$pod" --all-containers --tail=5 2>/dev/null | tail -n 8 | cut -c1-300 | sed 's/^/    /'
      done
  done
}

stage_wait() {
  begin 'GPUs could not be waited for'
  said=
  waited=0
  step=5
  while :; do
    look
    [ -n "$missing" ] || break
    [ "$missing" = "$said" ] || say "$waited s: $missing"
    said=$missing
    if [ "$waited" -ge "$wait_seconds" ]; then
      say "the GPUs are not there after $waited s"
      fault "$resource allocatable on every node" "$missing" 'what the plan counts on' 'see the pods below; then run again, which waits anew'
      failing >&2
      exit 3
    fi
    sleep "$step"
    waited=$((waited + step))
  done
  printf '{%s}\n' "$result"
}
