# shellcheck shell=sh disable=SC2154
# Waits until the API answers and every node pool has its nodes, all Ready. Settings: pools ("name count", a line each),
# wait_seconds. Prints one JSON object: the nodes of each pool.

# A line a node: its group, and whether it is Ready.
nodes() {
  kube get nodes </dev/null -o 'jsonpath={range .items[*]}{.metadata.labels.node\.deckhouse\.io/group}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}'
}

# missing LIST: "w-gpu 1 of 3" for each pool that is not complete, on one line.
missing() {
  printf '%s\n--- nodes\n%s\n' "$pools" "$1" | awk '
    $0 == "--- nodes" { part = 1; next }
    NF < 2 { next }
    !part { wanted[$1] = $2; order[++n] = $1; next }
    $2 == "True" { ready[$1]++ }
    END {
      for (i = 1; i <= n; i++) {
        pool = order[i]
        if (ready[pool] + 0 < wanted[pool]) { printf "%s%s %d of %d", sep, pool, ready[pool], wanted[pool]; sep = ", " }
      }
    }'
}

stage_ready() {
  deadline=$(($(now) + wait_seconds))
  before=
  while :; do
    if list=$(nodes 2>&1); then lacking=$(missing "$list"); else lacking="the API does not answer: $list"; fi
    [ -n "$lacking" ] || break
    [ "$(now)" -lt "$deadline" ] ||
      fail 1 'the nodes of every pool' "after $wait_seconds s: $lacking Ready" 'all of them' \
        'd8 k get staticinstances shows who waits for what; then run again: it goes on waiting'
    [ "$lacking" = "$before" ] || say "waits for nodes: $lacking"
    before=$lacking
    sleep "$poll"
  done
  printf '%s\n' "$pools" | awk '
    NF == 2 { printf "%s\"%s\":%d", (n++ ? "," : "{"), $1, $2 }
    END { print (n ? "}" : "{}") }'
}
