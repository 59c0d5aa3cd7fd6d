# shellcheck shell=sh disable=SC2034,SC2154
# For stages that run on a master: the API, as its administrator.

# kube ARGUMENTS: kubectl there. A banner of sudo or of the shell goes to stderr and disturbs nobody.
kube() { as_root kubectl --kubeconfig "$admin_conf" --request-timeout=30s "$@"; }

admin_conf=${ADMIN_CONF:-/etc/kubernetes/admin.conf}
# Deckhouse keeps its own kubectl and d8 there.
PATH=$PATH:/opt/deckhouse/bin
export PATH LC_ALL=C

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n env PATH="$PATH" "$@"; fi; }

# now: seconds of the clock.
now() { date +%s; }

# Seconds between two looks.
poll=${poll_seconds:-5}

# is_passing TEXT: whether kubectl's message tells of something that goes away by itself: a module that is not up yet, a kind
# that the server lists and does not serve yet, an API that restarts.
is_passing() {
  case $1 in
  *'no matches for kind'* | *"doesn't have a resource type"* | *'could not find the requested resource'* | \
    *'failed calling webhook'* | *'connection refused'* | \
    *'i/o timeout'* | *'TLS handshake timeout'* | *'unexpected EOF'* | *etcdserver* | *'namespaces "'*'not found'* | \
    *'InternalError'* | *'Service Unavailable'* | *'Timeout:'* | *'context deadline exceeded'*) return 0 ;;
  *) return 1 ;;
  esac
}
