# shellcheck shell=sh
# Stage apply: writes what is missing, and nothing where nothing is.

write_command_line() {
  if [ -n "$cmdline_text" ]; then
    mark loader
    # Which words are ours has to be known before they are on the line: else they would count as the user's for ever.
    ours=$(cat "$state/words" 2>/dev/null || :)
    write_whole "$state/words" "$ours${ours:+ }$(words_without "$missing_words" "$ours")"
    change_file "$cmdline_file" "$cmdline_text"
  fi
  if differs "$grub_file" "$grub_text"; then
    mark loader
    change_file "$grub_file" "$grub_text"
  fi
}

# A boot loader that was told and did not listen must not be found out by a reboot.
check_grub_menu() {
  if [ "$loader" != grub ]; then return 0; fi
  menu=$(grep -E '^[[:space:]]*linux' /boot/grub/grub.cfg | head -n 1 || :)
  lacking=$(words_without "$wanted_words" "$menu")
  if [ -z "$lacking" ]; then return 0; fi
  fault "/boot/grub/grub.cfg after update-grub" "the first entry has no $lacking" "every word of: $wanted_words" "look for what overrides GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub.d, then run again"
  stop_on_faults "$EXIT_WRONG" "written, but not taken over by the boot loader; nothing was rebooted"
}

# files_sum: changes with the content of our files, so that what follows runs again.
files_sum() {
  for path in "$cmdline_file" "$grub_file" "$modules_file" "$modprobe_file"; do sum_of "$path"; done | sha256sum | cut -c1-16
}

stage_apply() {
  survey
  check_all
  stop_on_faults "$EXIT_REFUSED" "refused before any change"
  if [ -n "$missing" ]; then
    take_lock
    # Another run may have ended while this one waited for it.
    survey
    # A new change has a reboot of its own.
    rm -f "$state/reboot"
    write_command_line
    if differs "$modules_file" "$modules_text"; then change_file "$modules_file" "$modules_text"; fi
    if differs "$modprobe_file" "$modprobe_text"; then
      mark initramfs
      change_file "$modprobe_file" "$modprobe_text"
    fi
    if [ -n "$ineffective" ]; then
      mark loader
      mark initramfs
    fi
    do_marked
    check_grub_menu
    write_whole "$state/settled" "$wanted_sum"
  else
    say "nothing is missing"
  fi
  # A boot that lacks something is named: so the reboot is looked at again also where the files are as they were.
  boot=
  if [ -n "$ineffective" ]; then boot=$boot_id; fi
  printf '{"tokenrack":"vfio-apply","wanted":%s,"files":%s,"boot":%s}\n' "$(json "$wanted_sum")" "$(json "$(files_sum)")" "$(json_or_null "$boot")"
}
