# shellcheck shell=sh disable=SC2154,SC2034
# What the scripts share that ask a cluster through kubectl. The kubeconfig comes by standard input, is written to a file of mode
# 0600 for kubectl, and removed. Setting: namespace, where a script asks about one only.

set -eu
umask 077
work=
# A function that undoes what else was made, before the kubeconfig goes.
undo=:
clean() {
  [ -n "$work" ] || return 0
  "$undo"
  rm -rf "$work"
}

# cluster ARGS: kubectl, with its own standard input. kubectl_here ARGS: a question, in the namespace if there is one.
cluster() { kubectl --kubeconfig "$work/kubeconfig" ${namespace:+-n "$namespace"} "$@"; }
kubectl_here() { cluster --request-timeout=30s "$@" </dev/null; }

say() { printf '%s\n' "$*" >&2; }

# fault CHECKED FOUND EXPECTED FIX
fault() { printf '  checked:  %s\n  found:    %s\n  expected: %s\n  fix:      %s\n' "$@" >&2; }

now() { date +%s; }

# begin WHAT: takes the kubeconfig. WHAT is not possible without kubectl.
begin() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  command -v kubectl >/dev/null || {
    say "$1"
    fault 'this machine' 'no kubectl' 'kubectl' 'install it: https://kubernetes.io/docs/tasks/tools/'
    exit 3
  }
  work=$(mktemp -d)
  cat >"$work/kubeconfig"
}
