# shellcheck shell=sh disable=SC2154
# Brings KubeRay's definitions to the version of a chart: Helm installs what a chart has of them once, and never changes them.
# Does nothing on a cluster that has none yet, or whose operator is of this version already. They stay when the operator
# goes: with them every RayService would go. The kubeconfig comes by standard input, is written to a file of mode 0600, and
# removed. Settings: chart, repository and version (empty for a chart that is a place of its own), namespace.

set -eu
umask 077
work=
clean() { [ -z "$work" ] || rm -rf "$work"; }

# fail CHECKED FOUND EXPECTED FIX
fail() {
  printf 'the definitions of KubeRay could not be brought to its new version\n  checked:  %s\n  found:    %s\n  expected: %s\n  fix:      %s\n' "$@" >&2
  exit 3
}

kubectl_here() { kubectl --kubeconfig "$work/kubeconfig" --request-timeout=60s "$@" </dev/null; }

# ask ARGS: what the cluster says, or an end when it says nothing.
ask() {
  kubectl_here "$@" --ignore-not-found ||
    fail 'the cluster' 'it does not answer' 'its definitions and the operator' 'see the lines above, and run again'
}

stage_upgrade() {
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  command -v kubectl >/dev/null || fail 'this machine' 'no kubectl' 'kubectl' 'install it: https://kubernetes.io/docs/tasks/tools/'
  work=$(mktemp -d)
  cat >"$work/kubeconfig"
  there=$(ask get customresourcedefinition rayservices.ray.io -o name)
  [ -n "$there" ] || { echo 'Helm installs them'; return 0; }
  runs=$(ask get deployment kuberay-operator -n "$namespace" -o 'jsonpath={.metadata.labels.helm\.sh/chart}')
  [ -z "$version" ] || [ "$runs" != "kuberay-operator-${version#v}" ] || { echo "they are of $version"; return 0; }
  command -v helm >/dev/null || fail 'this machine' 'no helm' "helm, which a change of KubeRay's version needs" \
    "install it, or run: helm show crds $chart${repository:+ --repo $repository}${version:+ --version $version} | kubectl apply --server-side --force-conflicts -f -"
  helm show crds "$chart" ${repository:+--repo "$repository"} ${version:+--version "$version"} >"$work/crds.yaml" </dev/null ||
    fail "the chart $chart" 'helm could not read it' 'its definitions' 'see the lines above'
  # By the server, as the definitions are too large for the annotation of a plain apply.
  kubectl_here apply --server-side --force-conflicts -f "$work/crds.yaml" >&2 ||
    fail 'the cluster' 'it refused the definitions' 'that it takes them' 'see the lines above'
  echo "they are of ${version:-the chart} now"
}
