# shellcheck shell=sh disable=SC2154
# Brings Kubernetes' version in the cluster's own configuration to what the stack says. Settings: kubernetes_version,
# pod_subnet, service_subnet. The rest of that configuration is the installer's, and fixed for the cluster's life.

current() {
  kube -n kube-system get secret d8-cluster-configuration -o 'jsonpath={.data.cluster-configuration\.yaml}' </dev/null | base64 -d
}

# field NAME: its value in the configuration on standard input.
field() { sed -n "s/^$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\} *\$/\1/p" | head -n 1; }

# same FIELD WANTED: refuses where the cluster was made with another value.
same() {
  was=$(printf '%s\n' "$configuration" | field "$1")
  [ "$was" = "$2" ] || fail "$EXIT_REFUSED" "$1" "$2 in the stack, and the cluster has $was" "$was: it cannot change once a cluster is made" \
    "put it back, or make a new cluster"
}

stage_version() {
  configuration=$(current)
  [ -n "$configuration" ] ||
    fail 1 'the configuration of the cluster' 'no secret kube-system/d8-cluster-configuration' 'the one that the installer wrote' 'look whether the installation is complete'
  same podSubnetCIDR "$pod_subnet"
  same serviceSubnetCIDR "$service_subnet"
  is=$(printf '%s\n' "$configuration" | field kubernetesVersion)
  if [ "$is" != "$kubernetes_version" ]; then
    say "Kubernetes $is becomes $kubernetes_version"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    printf '%s\n' "$configuration" | sed "s/^kubernetesVersion:.*/kubernetesVersion: \"$kubernetes_version\"/" >"$work/new.yaml"
    # Deckhouse checks a change by its own command alone, which asks for an editor: this one writes the new text.
    # shellcheck disable=SC2016 # the editor's own argument
    printf '#!/bin/sh\ncat "%s" >"$1"\n' "$work/new.yaml" >"$work/editor"
    chmod -R go+rX "$work"
    chmod 755 "$work/editor"
    as_root env EDITOR="$work/editor" KUBECONFIG="$admin_conf" d8 platform edit cluster-configuration </dev/null >&2
  fi
  printf '%s\n' "$kubernetes_version"
}
