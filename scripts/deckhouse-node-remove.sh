# shellcheck shell=sh disable=SC2154
# Takes one machine out of the cluster, before its VM goes, in Deckhouse's order: forbid that it is taken again, wait until
# Deckhouse has drained and cleaned it (Pending), delete it, lower the group's count. Settings: name, group,
# selector (of the group's StaticInstances, key=value,..), wait_seconds.
# Each step looks first whether it is done: a run that was cut off is run again from the start.
# @see https://deckhouse.io/modules/node-manager/faq.html (Can I delete a StaticInstance?)

phase() { kube get staticinstance "$name" --ignore-not-found -o 'jsonpath={.status.currentStatus.phase}' </dev/null; }
there() { kube get staticinstance "$name" --ignore-not-found -o name </dev/null; }

wait_pending() {
  deadline=$(($(now) + wait_seconds))
  until [ "$(phase)" = Pending ]; do
    [ "$(now)" -lt "$deadline" ] ||
      fail 1 "StaticInstance $name" "phase $(phase) after $wait_seconds s" 'Pending: drained and cleaned' \
        "see what keeps the node (d8 k describe staticinstance $name; pods that cannot be evicted), then run again"
    sleep "$poll"
  done
}

# The count is what is left: found anew each time, so that a second run does not lower it twice.
lower_count() {
  [ "$(kube get nodegroup "$group" --ignore-not-found -o name </dev/null)" != "" ] || return 0
  left=$(kube get staticinstance -l "$selector" -o name </dev/null | wc -l)
  count=$(kube get nodegroup "$group" -o 'jsonpath={.spec.staticInstances.count}' </dev/null)
  [ "${count:-0}" -gt "$left" ] || return 0
  kube patch nodegroup "$group" --type=merge -p "{\"spec\":{\"staticInstances\":{\"count\":$((left))}}}" </dev/null >&2
}

stage_node_remove() {
  if [ "$(there)" != "" ]; then
    say "node $name leaves the cluster"
    kube label staticinstance "$name" node.deckhouse.io/allow-bootstrap=false --overwrite </dev/null >&2
    wait_pending
    kube delete staticinstance "$name" --ignore-not-found --timeout=120s </dev/null >&2
  fi
  lower_count
}
