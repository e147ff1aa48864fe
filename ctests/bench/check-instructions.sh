#!/bin/sh
# Counts the instructions that libslabmalloc.so executes per pair, with callgrind, and holds them against the limits.
# The counts are exact and the same in each run: nothing is purged by the clock, which under valgrind on a busy machine
# passes the delay within a row. Needs valgrind. The profiles stay in callgrind/ beside the program.
# usage: check-instructions.sh BUILD_DIR [LIMITS [PROGRAM PRELOAD]]     PRELOAD: the library that is counted in its
# place
set -eu
build=${1:?usage: check-instructions.sh BUILD_DIR [LIMITS [PROGRAM PRELOAD]]}
here=$(dirname "$0")
limits=${2:-$here/instruction-limits.txt}
program=${3:-$build/bench/instructions}
preload=${4:-}
out=$(dirname "$program")/callgrind
command -v valgrind >/dev/null || {
  echo 'instructions: valgrind is missing: install the Debian package valgrind' >&2
  exit 2
}

rm -rf "$out"
mkdir -p "$out"
unset SLM_TEST_SEED # the limits are those of the seed that the programs have
# Uncompressed names make each line of a dump readable by itself.
${preload:+env "LD_PRELOAD=$preload" SLABMALLOC_PURGE_DELAY=86400000} valgrind --tool=callgrind \
  --compress-strings=no --compress-pos=no --callgrind-out-file="$out/dump" "$program" >"$out/rows" 2>"$out/log" || {
  cat "$out/log" "$out/rows" >&2
  exit 1
}

# One dump a row: dump.1, dump.2, ... in their order. The file without a number holds what came after the last row.
library=$(basename "${preload:-libslabmalloc.so}")
awk -v library="$library" -f "$here/instructions.awk" kind=rows "$out/rows" kind=limits "$limits" kind=dump \
  "$out"/dump.* || {
  echo "instructions: by function: callgrind_annotate \$(grep -l 'Request: ROW\$' $out/dump.*)" >&2
  exit 1
}
