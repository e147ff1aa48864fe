#!/bin/sh
# Counts the instructions that libslabmalloc.so executes per pair, with callgrind, and holds them against the limits.
# The counts are exact and the same in each run. Needs valgrind. The profiles stay in BUILD_DIR/bench/callgrind.
# usage: check-instructions.sh BUILD_DIR [LIMITS]
set -eu
build=${1:?usage: check-instructions.sh BUILD_DIR [LIMITS]}
here=$(dirname "$0")
limits=${2:-$here/instruction-limits.txt}
out=$build/bench/callgrind
command -v valgrind >/dev/null || {
  echo 'instructions: valgrind is missing: install the Debian package valgrind' >&2
  exit 2
}

rm -rf "$out"
mkdir -p "$out"
# Uncompressed names make each line of a dump readable by itself.
valgrind --tool=callgrind --compress-strings=no --compress-pos=no --callgrind-out-file="$out/dump" \
  "$build/bench/instructions" >"$out/rows" 2>"$out/log" || {
  cat "$out/log" "$out/rows" >&2
  exit 1
}

# One dump a row: dump.1, dump.2, ... in their order. The file without a number holds what came after the last row.
awk -f "$here/instructions.awk" kind=rows "$out/rows" kind=limits "$limits" kind=dump "$out"/dump.* || {
  echo "instructions: by function: callgrind_annotate \$(grep -l 'Request: ROW\$' $out/dump.*)" >&2
  exit 1
}
