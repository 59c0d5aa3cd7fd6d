# shellcheck shell=sh disable=SC2154
# Puts one object into the cluster. Settings: object (YAML), kind, name, namespace, wait_seconds.
# Server-side apply owns only the fields that are written here: what Deckhouse adds to an object stays.

# keep_count: the object, with the live count where that is higher. A lower count would let Deckhouse choose which machine
# goes; the machine's own removal (deckhouse-node-remove.sh) lowers it by one, once that machine is out.
keep_count() {
  [ "$kind" = NodeGroup ] || { cat && return; }
  live=$(kube get nodegroup "$name" --ignore-not-found -o 'jsonpath={.spec.staticInstances.count}' 2>/dev/null </dev/null) || live=
  awk -v live="${live:-0}" '/^    count: [0-9]+$/ && live + 0 > $2 + 0 { print "    count: " live; next } { print }'
}

put() { kube apply --server-side --force-conflicts --field-manager=tokenrack -f -; }

stage_apply() {
  read_secrets
  filled=$(printf '%s\n' "$object" | fill) ||
    fail "$EXIT_REFUSED" "$kind $name" 'a secret without a value' 'every secret it names' 'set the secret in the stack'
  deadline=$(($(now) + wait_seconds))
  told=
  while :; do
    if said=$(printf '%s\n' "$filled" | keep_count | put 2>&1); then
      printf '%s/%s\n' "$kind" "$name"
      return 0
    fi
    said=$(printf '%s\n' "$said" | hide)
    is_passing "$said" || fail 1 "$kind $name" "$said" 'an object that the cluster takes' 'correct the stack, then run again'
    [ "$(now)" -lt "$deadline" ] ||
      fail 1 "$kind $name" "after $wait_seconds s still: $said" 'a cluster that knows this kind' \
        'look at the module that brings it (d8 k get modules), then run again'
    [ -n "$told" ] || say "$kind $name waits: $said"
    told=yes
    sleep "$poll"
  done
}
