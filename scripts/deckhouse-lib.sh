# shellcheck shell=sh disable=SC2034,SC2154
# Shared by all stages of a Deckhouse cluster: messages, secrets, and putting secrets into text.
# components/deckhouse/scripts.ts puts the pieces together: they define stages and run none, so that a text which was cut
# off on its way does nothing.

set -eu

# Exit codes: 3 refused before any change, 75 another one is at it, 1 anything else.
readonly EXIT_REFUSED=3 EXIT_BUSY=75

# Progress goes to stderr; stdout carries the stage's result alone.
say() { printf '%s: %s\n' "$cluster" "$1" >&2; }

# fail CODE CHECKED FOUND EXPECTED FIX: says why, in the four fields, and ends.
fail() {
  printf '%s: refused or failed\n  checked:  %s\n  found:    %s\n  expected: %s\n  fix:      %s\n' "$cluster" "$2" "$3" "$4" "$5" >&2
  exit "$1"
}

# Secrets come by standard input, a line each: a name, a blank, the value. They stay in a shell variable and in pipes:
# never in a command line, never in the environment.
secrets=
read_secrets() { secrets=$(cat); }

# secret_of NAME: its value; nothing where there is none.
secret_of() {
  printf '%s\n' "$secrets" | while IFS=' ' read -r secret_name secret_value; do
    [ "$secret_name" != "$1" ] || printf '%s' "$secret_value"
  done
}

# fill: standard input with each ${secret: name} replaced by the value, escaped for the double quotes that YAML put
# around it. Ends with 4 where a secret is missing.
fill() {
  # The marker line parts the secrets from the text: awk gets both by one pipe.
  { printf '%s\n' "$secrets" && printf '%s\n' '--- text' && cat; } | awk '
    !text && $0 == "--- text" { text = 1; next }
    !text {
      blank = index($0, " ")
      if (blank > 1) { value = substr($0, blank + 1); name = substr($0, 1, blank - 1); known[name] = value }
      next
    }
    {
      line = $0; out = ""
      while ((start = index(line, "${secret: ")) > 0) {
        rest = substr(line, start + 10); end = index(rest, "}"); name = substr(rest, 1, end - 1)
        if (!(name in known)) { print "no value for the secret " name > "/dev/stderr"; exit 4 }
        value = known[name]; escaped = ""
        for (i = 1; i <= length(value); i++) {
          letter = substr(value, i, 1)
          escaped = escaped ((letter == "\\" || letter == "\"") ? "\\" letter : letter)
        }
        out = out substr(line, 1, start - 1) escaped; line = substr(rest, end + 1)
      }
      print out line
    }'
}

# hide: standard input line by line as it comes, without the lines that hold a secret.
hide() {
  hidden_values=$(printf '%s\n' "$secrets" | sed -n 's/^[^ ]* \(.\{6,\}\)$/\1/p')
  while IFS= read -r shown || [ -n "$shown" ]; do
    leaks=no
    # Values have no blanks or wildcards that matter: each is one line of base64 or a token.
    while IFS= read -r hidden; do
      [ -z "$hidden" ] || case $shown in *"$hidden"*) leaks=yes ;; esac
    done <<HIDDEN
$hidden_values
HIDDEN
    if [ "$leaks" = yes ]; then printf '%s\n' '[a line with a secret, left out]'; else printf '%s\n' "$shown"; fi
  done
}
