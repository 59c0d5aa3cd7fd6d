# shellcheck shell=sh
# Stage restore: puts back every file that apply changed, exactly as it was, and says so by checksum. It takes effect at
# the next boot, which is the owner's to choose.

changed_files() { cut -d ' ' -f 1 "$state/manifest" | sort -u; }

# original_of FILE: "checksum backup" of the last content that somebody else than us gave it.
original_of() {
  awk -v file="$1" '
    $1 == file { before[++n] = $2; copy[n] = $4; ours[$3] = 1 }
    END { for (i = n; i > 0; i--) if (!(before[i] in ours)) { print before[i], copy[i]; exit } }' "$state/manifest"
}

# is_ours FILE SUM: whether that is a content that we gave it.
is_ours() { awk -v file="$1" -v sum="$2" '$1 == file && $3 == sum { found = 1 } END { exit !found }' "$state/manifest"; }

check_file() {
  now=$(sum_of "$1")
  original=$(original_of "$1")
  if [ "$now" != "${original%% *}" ] && ! is_ours "$1" "$now"; then
    fault "$1" "somebody changed it after Tokenrack did" "the content that Tokenrack wrote" "put it right by hand (its backups are in $state/backups), then remove its lines from $state/manifest and run again"
  fi
  copy=${original##* }
  if [ "$copy" != - ] && [ "$(sum_of "$copy")" != "${original%% *}" ]; then
    fault "backup $copy" "checksum $(sum_of "$copy")" "${original%% *}" "bring $1 back from your own backup, then remove its lines from $state/manifest and run again"
  fi
}

put_back() {
  original=$(original_of "$1")
  if [ "$(sum_of "$1")" = "${original%% *}" ]; then return 0; fi
  if [ "${original##* }" = - ]; then
    rm -f "$1"
  else
    cp -p "${original##* }" "$1.tokenrack-new"
    fsync "$1.tokenrack-new"
    mv -f "$1.tokenrack-new" "$1"
  fi
  fsync "${1%/*}"
  say "put back $1"
}

check_put_back() {
  original=$(original_of "$1")
  if [ "$(sum_of "$1")" != "${original%% *}" ]; then
    fault "$1 after the restore" "checksum $(sum_of "$1")" "${original%% *}" "look who else writes it, then run again"
  fi
}

each_changed_file() { for file in $(changed_files); do "$1" "$file"; done; }

stage_restore() {
  if [ ! -e "$state/manifest" ]; then
    say "nothing to restore"
    printf '{"tokenrack":"vfio-restore","restored":[]}\n'
    return 0
  fi
  take_lock
  read_facts
  each_changed_file check_file
  stop_on_faults "$EXIT_REFUSED" "refused before any change"
  restored=$(changed_files)
  mark loader
  mark initramfs
  each_changed_file put_back
  do_marked
  each_changed_file check_put_back
  stop_on_faults "$EXIT_WRONG" "not restored"
  rm -f "$state/words" "$state/settled" "$state/reboot"
  mv "$state/manifest" "$state/manifest.restored.$(date -u +%Y%m%dT%H%M%SZ)"
  fsync "$state"
  say "restored; it takes effect at the next boot"
  printf '{"tokenrack":"vfio-restore","restored":%s}\n' "$(lines_json "$restored")"
}
