# shellcheck shell=sh disable=SC2154
# Takes one object out of the cluster. Settings: kind, name, namespace. One that is not there is out already.

stage_delete() {
  if said=$(kube delete "$kind" "$name" ${namespace:+--namespace "$namespace"} --ignore-not-found --timeout=120s 2>&1 </dev/null); then
    return 0
  fi
  case $said in
  # Its module was switched off before it: the kind went, and the object with it.
  *'no matches for kind'* | *"doesn't have a resource type"*) return 0 ;;
  esac
  fail 1 "$kind $name" "$said" 'an object that goes' 'see what holds it (finalizers), then run again'
}
