#!/bin/sh
# bench-frames.sh BUILD_DIR [PAGES...]: what the place of a zone's page frames costs. Random objects of 1500 bytes are
# replaced, at 100 to 100,000 pages of 4, 16 and 64 KiB, which are pulled, with pages of 2 MiB or without, or
# pushed. Prints the instructions that the library executes a pair (callgrind), and time and peak memory.
set -eu
build=${1:?usage: bench-frames.sh BUILD_DIR [PAGES...]}
shift
program=$build/bench/frames
out=$build/bench/frames-callgrind
rm -rf "$out"
mkdir -p "$out"
"$program" "$@" >"$out/timed"
valgrind --tool=callgrind --instr-atstart=no --compress-strings=no --compress-pos=no \
  --callgrind-out-file="$out/dump" "$program" "$@" >"$out/rows" 2>"$out/log" || {
  cat "$out/log" >&2
  exit 1
}
awk -f "$(dirname "$0")/frames.awk" kind=dump "$out"/dump.* kind=timed "$out/timed"
