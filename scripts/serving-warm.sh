# shellcheck shell=sh disable=SC2154
# Fills compile caches before the first bring-up: makes Jobs, follows them, and takes them away, so that their GPUs are free
# again. Does nothing once there is a RayService: it holds the GPUs, and a Job would wait for them for ever. Nothing that
# goes wrong here stops the bring-up: a cold start takes longer and leaves less KV cache, and that is told.
# Setting besides the shared ones: jobs, "<name> <digest>" a line. The manifest of each comes first on standard input, as JSON on
# a line. Prints one JSON object: how many were filled.

manifests=
# Takes as many lines as there are Jobs, and leaves the kubeconfig.
take() {
  while read -r job; do
    [ -n "$job" ] || continue
    IFS= read -r manifest <&3
    manifests="$manifests$manifest
"
  done <<JOBS
$jobs
JOBS
}

# done_of JOB: Complete, Failed, or nothing yet.
done_of() {
  kubectl_here get job "$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}' 2>/dev/null || true
}

make() {
  while read -r manifest; do
    [ -n "$manifest" ] || continue
    if made=$(printf '%s' "$manifest" | cluster apply --server-side --force-conflicts -o name -f - 2>"$work/error"); then
      names="$names ${made#*/}"
    else
      say "a compile cache stays empty: $(tail -n 1 "$work/error")"
    fi
  done <<MANIFESTS
$manifests
MANIFESTS
}

stage_warm() {
  take 3<&0
  follow
  if there=$(kubectl_here get rayservice "$service" --ignore-not-found -o name 2>"$work/error"); then
    if [ -n "$there" ]; then
      say "the GPUs are in use: compile caches fill when the models start"
      echo '{"filled":0}'
      return
    fi
  else
    say "compile caches stay empty: $(tail -n 1 "$work/error")"
    echo '{"filled":0}'
    return
  fi
  make
  filled=0
  left=$names
  last=
  while [ -n "$left" ] && [ "$(now)" -lt "$ends" ]; do
    still=
    for job in $left; do
      case $(done_of "$job") in
      *Complete*)
        filled=$((filled + 1))
        say "$job: done"
        ;;
      *Failed*)
        say "$job: its compile cache stays empty: $(kubectl_here logs "job/$job" --tail=1 2>/dev/null || true)"
        ;;
      *) still="$still $job" ;;
      esac
    done
    left=$still
    [ -n "$left" ] || break
    [ "$left" = "$last" ] || say "compile caches are being filled:$left"
    last=$left
    sleep "$poll"
  done
  [ -z "$left" ] || say "compile caches stay empty, not done after $deadline s:$left"
  printf '{"filled":%d}\n' "$filled"
}
