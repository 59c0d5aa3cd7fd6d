# shellcheck shell=sh disable=SC2154,SC2034
# What the scripts of the serving stage share. The kubeconfig comes by standard input, is written to a file of mode 0600 for
# kubectl, and removed. Settings: namespace, service (name of the RayService), deadline and poll in seconds.

set -eu
umask 077
work=
# Jobs that this run has made, and that go with it.
names=
clean() {
  for job in $names; do
    kubectl --kubeconfig "$work/kubeconfig" -n "$namespace" delete job "$job" --ignore-not-found --wait=false \
      --cascade=foreground >/dev/null 2>&1 </dev/null || true
  done
  for job in $names; do
    kubectl --kubeconfig "$work/kubeconfig" -n "$namespace" wait --for=delete "job/$job" --timeout=180s >/dev/null 2>&1 </dev/null || true
  done
  [ -z "$work" ] || rm -rf "$work"
}

kubectl_here() { kubectl --kubeconfig "$work/kubeconfig" --request-timeout=30s -n "$namespace" "$@" </dev/null; }

say() { printf '%s\n' "$*" >&2; }

# fault CHECKED FOUND EXPECTED FIX
fault() { printf '  checked:  %s\n  found:    %s\n  expected: %s\n  fix:      %s\n' "$@" >&2; }

now() { date +%s; }

begin() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  command -v kubectl >/dev/null || {
    fault 'this machine' 'no kubectl' 'kubectl, to follow the start of the models' 'install it: https://kubernetes.io/docs/tasks/tools/'
    exit 3
  }
  work=$(mktemp -d)
  cat >"$work/kubeconfig"
  ends=$(($(now) + deadline))
}
