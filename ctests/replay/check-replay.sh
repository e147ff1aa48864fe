#!/bin/sh
# check-replay.sh BUILD_DIR LIBRARY: records two programs, one with threads, and replays each with the C library's malloc and, twice, with
# this one: what is done is the same each time, and each object keeps its content.
set -eu
build=$1/replay
library=$(readlink -f "$2")
recorder=$(readlink -f "$build/record.so")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check() { # NAME PROGRAM...
  name=$1
  shift
  REPLAY_TRACE=$scratch/$name LD_PRELOAD=$recorder:$library "$@"
  "$build/replay" "$scratch/$name" | head -n 1 >"$scratch/wanted"
  for run in 1 2; do
    LD_PRELOAD=$library "$build/replay" "$scratch/$name" | head -n 1 | diff "$scratch/wanted" -
  done
  grep -q ' 0 faults$' "$scratch/wanted" || { cat "$scratch/wanted"; exit 1; }
  echo "=> $name: $(cat "$scratch/wanted")"
}
check threads "$build/threads"
grep -q '^[1-9][0-9]\{4,\} events of 5 threads' "$scratch/wanted" || { echo "not all threads were recorded"; exit 1; }
check tcc tcc -c -I include -o "$scratch/object.o" ctests/examples/hello.c
grep -q '^[1-9][0-9][0-9]* events of 1 threads' "$scratch/wanted" || { echo "tcc was not recorded"; exit 1; }

# What is no trace, or ends in the middle of an event, is refused or taken up to there.
for bytes in 0 31 500; do
  head -c "$bytes" "$library" >"$scratch/none"
  ! "$build/replay" "$scratch/none" 2>"$scratch/why" || { echo "$bytes bytes of something else were taken for a trace"; exit 1; }
  grep -q 'this is no trace' "$scratch/why"
done
head -c 100000 "$scratch/threads" >"$scratch/part"
LD_PRELOAD=$library "$build/replay" "$scratch/part" | grep -q ' 0 faults$'
