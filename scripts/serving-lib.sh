# shellcheck shell=sh disable=SC2154,SC2034
# What the scripts of the serving stage share, on cluster-lib.sh. Settings: namespace, service (name of the RayService), deadline
# and poll in seconds.

# Jobs that this run has made, and that go with it.
names=
undo=drop_jobs
drop_jobs() {
  for job in $names; do
    cluster delete job "$job" --ignore-not-found --wait=false --cascade=foreground >/dev/null 2>&1 </dev/null || true
  done
  for job in $names; do
    cluster wait --for=delete "job/$job" --timeout=180s >/dev/null 2>&1 </dev/null || true
  done
}

follow() {
  begin "$namespace/$service: the start of the models could not be followed"
  ends=$(($(now) + deadline))
}
