#!/bin/sh
# Runs the vectors through WebAssembly: run.sh MODULE VECTORS. Node is $POS_TEST_NODE or on the
# PATH. Exit 77 (skipped) if there is no Node or the module was not built.
set -u
folder=$(dirname "$0")
node=${POS_TEST_NODE:-node}
if ! command -v "$node" >/dev/null 2>&1; then
  echo "skipped: Node is not installed"
  exit 77
fi
if [ ! -f "$1" ]; then
  echo "skipped: $1 was not built (clang-14 and wasi-libc are missing?)"
  exit 77
fi
exec "$node" "$folder/run-vectors.mjs" "$1" "$2"
