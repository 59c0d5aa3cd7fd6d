# shellcheck shell=sh
# Files that are written whole, with a backup each, and the steps of the boot loader that follow from them. Any of it can
# be killed at any moment: the next run goes on from what it finds.

# fsync FILE...: on the disk before the next step, so that a power cut leaves the steps in order.
fsync() { sync "$@"; }

# write_whole FILE TEXT [LIKE]: a reader, or the next run after a kill, finds the old text or the new, never a part. The
# draft has one name for ever, so that a killed run leaves at most one, which the next overwrites. Its ending keeps it
# out of every *.conf and *.cfg pattern.
write_whole() {
  draft="$1.tokenrack-new"
  if [ ! -d "${1%/*}" ]; then mkdir -p "${1%/*}"; fi
  if ! printf '%s\n' "$2" >"$draft" || ! fsync "$draft"; then
    rm -f "$draft"
    fault "writing $1" "it failed, see above; the old file is untouched" "room on a disk that can be written" \
      "free space on the file system of ${1%/*} (df ${1%/*}), then run again"
    stop_on_faults 1 "stopped half way; run again to go on"
  fi
  if [ -e "$1" ]; then chmod --reference="$1" "$draft"; fi
  mv -f "$draft" "$1"
  fsync "${1%/*}"
}

# back_up FILE: keeps its content, once per content and never over another, and names the copy in $copy.
back_up() {
  copy=-
  [ -e "$1" ] || return 0
  stem=$(printf '%s' "${1#/}" | tr / _).$(sum_of "$1" | cut -c1-16)
  for copy in "$state/backups/$stem".*; do [ ! -e "$copy" ] || return 0; done
  copy="$state/backups/$stem.$(date -u +%Y%m%dT%H%M%SZ)"
  if [ ! -d "$state/backups" ]; then mkdir "$state/backups"; fi
  cp -p "$1" "$state/backups/draft"
  fsync "$state/backups/draft"
  mv "$state/backups/draft" "$copy"
  fsync "$state/backups"
}

# change_file FILE TEXT: writes it after its backup. The manifest has a line for each change that was ever begun:
# file, checksum before, checksum after, backup. It is written first, so that no change is without its line.
change_file() {
  back_up "$1"
  entry="$1 $(sum_of "$1") $(sum_of_text "$2") $copy"
  if ! grep -qxF "$entry" "$state/manifest" 2>/dev/null; then
    old=$(cat "$state/manifest" 2>/dev/null || :)
    write_whole "$state/manifest" "$old${old:+
}$entry"
  fi
  write_whole "$1" "$2"
  say "wrote $1"
}

# take_lock: one run at a time on a host. The kernel lets go of it when the last process of the run has ended, and an
# orphan of a killed run (an update-initramfs, say) is waited for.
take_lock() {
  if [ ! -d "$state" ]; then (umask 077 && mkdir -p "$state"); fi
  exec 9>"$state/lock"
  if ! flock -w 300 9; then
    fault "other runs on this host" "one that holds $state/lock for more than 300 s" "none" \
      "wait for it to end (fuser -v $state/lock names it), then run again"
    stop_on_faults "$EXIT_REFUSED" "refused before any change"
  fi
}

# mark STEP: to be done before the files it follows from are changed, so that no kill can lose the step.
mark() {
  if [ ! -e "$state/pending-$1" ]; then write_whole "$state/pending-$1" "$boot_id"; fi
}

# do_marked: the steps that are marked, each until it has succeeded.
do_marked() {
  if [ -e "$state/pending-loader" ]; then
    say "updating the boot loader"
    if [ "$loader" = grub ]; then run_tool update-grub; fi
    if [ -s /etc/kernel/proxmox-boot-uuids ]; then run_tool proxmox-boot-tool refresh; fi
    rm -f "$state/pending-loader"
  fi
  if [ -e "$state/pending-initramfs" ]; then
    say "updating the initramfs of every kernel"
    run_tool update-initramfs -u -k all
    rm -f "$state/pending-initramfs"
  fi
  fsync "$state"
}

# run_tool COMMAND...: its output to stderr. Where it fails, its step stays marked, and nothing reboots.
run_tool() {
  if "$@" >&2; then return 0; fi
  fault "$*" "it failed, see above" "success" "mend what it says (a full /boot is common), then run again: this step is repeated"
  stop_on_faults 1 "stopped half way; run again to go on"
}
