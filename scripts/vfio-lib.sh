# shellcheck shell=sh
# Shared by all stages that prepare a host for GPU passthrough: messages, JSON, words.
# render/vfio.ts puts the pieces into one script: settings first, then every vfio-*.sh, then the call of one stage.

# Everything Tokenrack keeps on a host.
state=/var/lib/tokenrack/vfio

# Exit codes: 3 refused before any change, 4 the host is not as wanted after all was done, 1 anything else.
readonly EXIT_REFUSED=3 EXIT_WRONG=4

# Progress goes to stderr; stdout carries one JSON object, which is the stage's result.
say() { printf '%s: %s\n' "$host" "$1" >&2; }

fault_count=0
fault_text=
fault_json=

# fault CHECKED FOUND EXPECTED FIX: collects one; all are told at once.
fault() {
  fault_count=$((fault_count + 1))
  fault_text="$fault_text
  checked:  $1
  found:    $2
  expected: $3
  fix:      $4"
  fault_json="$fault_json${fault_json:+,}{\"checked\":$(json "$1"),\"found\":$(json "$2"),\"expected\":$(json "$3"),\"fix\":$(json "$4")}"
}

# stop_on_faults CODE TITLE: ends the stage where there is a fault.
stop_on_faults() {
  [ "$fault_count" -gt 0 ] || return 0
  printf '%s: %s%s\n' "$host" "$2" "$fault_text" >&2
  exit "$1"
}

# json TEXT: as a JSON string. What is not printable ASCII is left out: nothing here needs it.
json() {
  case $1 in
  *[!a-zA-Z0-9\ .,:\;=_/@+\(\)-]*) printf '"%s"' "$(printf '%s' "$1" | tr -cd '\040-\176' | sed 's/[\\"]/\\&/g')" ;;
  *) printf '"%s"' "$1" ;;
  esac
}

# json_or_null TEXT: null for an empty text.
json_or_null() { if [ -n "$1" ]; then json "$1"; else printf null; fi; }

# list_json COMMAND ITEM...: a JSON array of what the command prints for each item.
list_json() (
  command=$1
  shift
  comma=
  printf '['
  for item in "$@"; do
    printf '%s' "$comma"
    "$command" "$item"
    comma=,
  done
  printf ']'
)

# lines_json TEXT: a JSON array of its lines.
lines_json() (
  set -f
  IFS='
'
  # shellcheck disable=SC2086
  list_json json $1
)

# read_line FILE: its first line in $line; empty where there is no such file.
read_line() {
  line=
  if [ -r "$1" ]; then IFS= read -r line <"$1" || :; fi
}
first_line() {
  read_line "$1"
  printf '%s' "$line"
}

# has_word WORD LIST: whether a list of words holds one.
has_word() { case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# has_line LINE LINES: the same for a text of several lines.
has_line() {
  case "
$2
" in *"
$1
"*) return 0 ;; *) return 1 ;; esac
}

# words_without LIST OTHERS: the words of one list that are not in another, in order.
words_without() (
  set -f
  left=
  for word in $1; do
    if ! has_word "$word" "$2"; then left="$left${left:+ }$word"; fi
  done
  printf '%s' "$left"
)

# sum_of FILE: its SHA-256, or "absent".
sum_of() { if [ -e "$1" ]; then sha256sum <"$1" | cut -c1-64; else printf absent; fi; }
sum_of_text() { printf '%s\n' "$1" | sha256sum | cut -c1-64; }

# one_line LINES: "a; b".
one_line() { printf '%s\n' "$1" | grep . | paste -s -d ';' - | sed 's/;/; /g'; }

# wait_until SECONDS COMMAND...: tries it ten times a second.
wait_until() {
  tries=$(($1 * 10))
  shift
  while ! "$@"; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then return 1; fi
    sleep 0.1
  done
}
