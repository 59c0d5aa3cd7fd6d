#!/bin/sh
# Locks the Python environments of stack `local`, with hashes, for Python 3.11 and newer: npm run lock:python
# Needs uv of the version in catalog/versions.ts.
set -eu
cd "$(dirname "$0")/../local/python"

lock() {
  name=$1
  shift
  uv pip compile "$name.in" "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "npm run lock:python" --quiet --output-file "$name.lock.txt"
}

lock cpu --overrides cpu.overrides.txt
lock cuda
lock uv
