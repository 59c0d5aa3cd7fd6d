# shellcheck shell=sh disable=SC2154
# Once the API answers: which cluster it is, and the administrator's kubeconfig. Settings: wait_seconds.

await_api() {
  deadline=$(($(now) + wait_seconds))
  until kube get --raw /readyz >/dev/null 2>&1 </dev/null; do
    [ "$(now)" -lt "$deadline" ] ||
      fail 1 'the API on the master' "no answer within $wait_seconds s" 'ok from /readyz' 'look at the master: crictl ps, journalctl -u kubelet'
    sleep "$poll"
  done
}

# stage_identity: prints the uid of the cluster, which no other cluster has.
stage_identity() {
  await_api
  kube get ns kube-system -o 'jsonpath={.metadata.uid}' </dev/null
}

# stage_kubeconfig: the file is a secret: nothing else goes to standard output, and the caller logs none of it.
stage_kubeconfig() {
  await_api
  as_root cat "$admin_conf"
}
