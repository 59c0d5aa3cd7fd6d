# shellcheck shell=sh disable=SC2154
# Brings KubeRay's definitions to the version of a chart: Helm installs what a chart has of them once, and never changes them.
# Does nothing on a cluster that has none yet, or whose operator is of this version already. They stay when the operator
# goes: with them every RayService would go. On cluster-lib.sh. Settings: chart, repository and version (empty for a chart that
# is a place of its own), namespace.

failed="the definitions of KubeRay could not be brought to its new version"

# fail CHECKED FOUND EXPECTED FIX
fail() {
  say "$failed"
  fault "$@"
  exit 3
}

# ask ARGS: what the cluster says, or an end when it says nothing.
ask() {
  kubectl_here "$@" --ignore-not-found ||
    fail 'the cluster' 'it does not answer' 'its definitions and the operator' 'see the lines above, and run again'
}

stage_upgrade() {
  begin "$failed"
  there=$(ask get customresourcedefinition rayservices.ray.io -o name)
  [ -n "$there" ] || { echo 'Helm installs them'; return 0; }
  runs=$(ask get deployment kuberay-operator -o 'jsonpath={.metadata.labels.helm\.sh/chart}')
  [ -z "$version" ] || [ "$runs" != "kuberay-operator-${version#v}" ] || { echo "they are of $version"; return 0; }
  command -v helm >/dev/null || fail 'this machine' 'no helm' "helm, which a change of KubeRay's version needs" \
    "install it, or run: helm show crds $chart${repository:+ --repo $repository}${version:+ --version $version} | kubectl apply --server-side --force-conflicts -f -"
  helm show crds "$chart" ${repository:+--repo "$repository"} ${version:+--version "$version"} >"$work/crds.yaml" </dev/null ||
    fail "the chart $chart" 'helm could not read it' 'its definitions' 'see the lines above'
  # By the server, as the definitions are too large for the annotation of a plain apply.
  kubectl_here --request-timeout=60s apply --server-side --force-conflicts -f "$work/crds.yaml" >&2 ||
    fail 'the cluster' 'it refused the definitions' 'that it takes them' 'see the lines above'
  echo "they are of ${version:-the chart} now"
}
