# shellcheck shell=sh disable=SC2154
# Brings what may change in the cluster's own configuration to what the stack says. Settings: kubernetes_version, default_cri,
# proxy (YAML of its fields; empty for none); pod_subnet, service_subnet and cluster_domain, which are fixed for its life.

current() {
  kube -n kube-system get secret d8-cluster-configuration -o 'jsonpath={.data.cluster-configuration\.yaml}' </dev/null | base64 -d
}

# field NAME: its value in the configuration.
field() { printf '%s\n' "$configuration" | sed -n "s/^$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\} *\$/\1/p" | head -n 1; }

# proxy_of: the fields of `proxy` in the configuration. without_proxy: the rest of it.
proxy_of() { printf '%s\n' "$configuration" | awk '/^[^ #-]/ { on = /^proxy:/; next } on'; }
without_proxy() { awk '/^[^ #-]/ { on = /^proxy:/ } !on'; }

# plain: YAML of texts and lists on standard input without what may be written in more than one way.
plain() { sed "s/^[- ]*//; s/[\"']//g; s/ *\$//; /^\$/d"; }

# same FIELD WANTED: refuses where the cluster was made with another value.
same() {
  was=$(field "$1")
  [ "$was" = "$2" ] || fail "$EXIT_REFUSED" "$1" "$2 in the stack, and the cluster has $was" "$was: it cannot change once a cluster is made" \
    "put it back, or make a new cluster"
}

# changed_to FIELD WANTED: the configuration on standard input with it.
changed_to() { sed "/^$1:/d" && printf '%s: "%s"\n' "$1" "$2"; }

# wanted_configuration: the configuration as it should be; says what becomes another.
wanted_configuration() {
  text=$configuration
  is=$(field kubernetesVersion)
  if [ "$is" != "$kubernetes_version" ]; then
    say "Kubernetes $is becomes $kubernetes_version"
    text=$(printf '%s\n' "$text" | changed_to kubernetesVersion "$kubernetes_version")
  fi
  is=$(field defaultCRI)
  if [ "$is" != "$default_cri" ]; then
    say "the nodes' container runtime ${is:-unset} becomes $default_cri"
    text=$(printf '%s\n' "$text" | changed_to defaultCRI "$default_cri")
  fi
  if [ "$(proxy_of | plain)" != "$(printf '%s\n' "$proxy" | plain)" ]; then
    say 'the proxy becomes another'
    text=$(printf '%s\n' "$text" | without_proxy)
    [ -z "$proxy" ] || text=$(printf '%s\nproxy:\n' "$text" && printf '%s\n' "$proxy" | sed 's/^/  /')
  fi
  printf '%s\n' "$text"
}

stage_version() {
  configuration=$(current)
  [ -n "$configuration" ] ||
    fail 1 'the configuration of the cluster' 'no secret kube-system/d8-cluster-configuration' 'the one that the installer wrote' 'look whether the installation is complete'
  same podSubnetCIDR "$pod_subnet"
  same serviceSubnetCIDR "$service_subnet"
  same clusterDomain "$cluster_domain"
  wanted=$(wanted_configuration)
  if [ "$wanted" != "$configuration" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    printf '%s\n' "$wanted" >"$work/new.yaml"
    # Deckhouse checks a change by its own command alone, which asks for an editor: this one writes the new text.
    # shellcheck disable=SC2016 # the editor's own argument
    printf '#!/bin/sh\ncat "%s" >"$1"\n' "$work/new.yaml" >"$work/editor"
    chmod -R go+rX "$work"
    chmod 755 "$work/editor"
    as_root env EDITOR="$work/editor" KUBECONFIG="$admin_conf" d8 platform edit cluster-configuration </dev/null >&2
  fi
  printf '%s\n' "$kubernetes_version"
}
