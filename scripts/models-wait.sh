# shellcheck shell=sh disable=SC2154
# Waits until the Jobs that download the models are done, and tells how far they are. Changes nothing. On cluster-lib.sh.
# Settings: namespace, jobs ("<job> <model>", a line each), wait_seconds. Prints the models that are there as a JSON list.

# state_of JOB: done, failed, or how it is.
state_of() {
  conditions=$(kubectl_here get job "$1" -o 'jsonpath={range .status.conditions[?(@.status=="True")]}{.type}{" "}{end}' 2>"$work/said") || {
    printf 'no answer: %s' "$(tail -n 1 "$work/said")"
    return 0
  }
  case " $conditions" in
  *' Complete '*) printf 'done' ;;
  *' Failed '*) printf 'failed' ;;
  *) progress "$1" ;;
  esac
}

# field NAME: a number of the downloader's last line.
field() { printf '%s' "$line" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

# progress JOB: the last thing it said, or what it waits for.
progress() {
  line=$(kubectl_here logs "job/$1" --tail=1 2>/dev/null | cut -c1-600) || line=
  total=$(field bytesTotal)
  if [ -n "$total" ]; then
    awk -v done="$(field bytesDone)" -v total="$total" -v rate="$(field bytesPerSecond)" -v eta="$(field etaSeconds)" 'BEGIN {
      printf "%.1f of %.1f GiB, %.0f MiB/s", done / 2^30, total / 2^30, rate / 2^20
      if (eta != "") printf ", %d min left", (eta + 59) / 60
    }'
    printf '%s' "$line" | sed -n 's/.*"note":"\([^"]*\)".*/; \1/p' | tr -d '\n'
    return 0
  fi
  line=$(printf '%s' "$line" | cut -c1-300)
  [ -n "$line" ] || line=$(kubectl_here get pods -l "job-name=$1" -o 'jsonpath={range .items[*]}{.status.phase}{" "}{.status.containerStatuses[*].state.waiting.reason}{" "}{.status.conditions[?(@.type=="PodScheduled")].message}{end}' 2>/dev/null) || line=
  printf '%s' "${line:-starting}"
}

# failure JOB MODEL STATE
failure() {
  say "the model $2 is not on its volume"
  fault "job $1" "$3" 'that it is done' 'see its last lines below; then run again, which goes on where it stopped'
  kubectl_here logs "job/$1" --tail=10 2>/dev/null | cut -c1-400 | sed 's/^/    /' >&2
}

stage_wait() {
  begin 'downloads could not be waited for'
  waited=0
  step=5
  while :; do
    open=0
    broken=
    ready=
    while read -r job model; do
      [ -n "$job" ] || continue
      state=$(state_of "$job")
      case $state in
      done) ready="$ready${ready:+,}\"$model\"" ;;
      failed) broken="$broken${broken:+ }$job" && failure "$job" "$model" 'it failed for good' ;;
      *)
        open=$((open + 1))
        [ "$waited" -lt "$wait_seconds" ] || failure "$job" "$model" "after $waited s: $state"
        # Every half minute, and whenever it says something new.
        if [ $((waited % 30)) = 0 ] || ! grep -qxF "$job $state" "$work/told" 2>/dev/null; then
          say "$model: $state"
        fi
        printf '%s %s\n' "$job" "$state" >>"$work/now"
        ;;
      esac
    done <<END
$jobs
END
    [ -z "$broken" ] || exit 3
    [ "$open" -gt 0 ] || break
    [ "$waited" -lt "$wait_seconds" ] || exit 3
    mv "$work/now" "$work/told"
    sleep "$step"
    waited=$((waited + step))
  done
  printf '[%s]\n' "$ready"
}
