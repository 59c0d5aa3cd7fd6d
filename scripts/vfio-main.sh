# shellcheck shell=sh
# The end of the script: everything before it only defines. A script that was cut off on its way does nothing at all.

umask 022
LC_ALL=C
export LC_ALL

main() {
  case $1 in
  look | inspect | apply | verify | restore) "stage_$1" ;;
  reboot) stage_reboot "$2" ;;
  *)
    echo "no such stage: $1" >&2
    exit 64
    ;;
  esac
}

main "$@" </dev/null
