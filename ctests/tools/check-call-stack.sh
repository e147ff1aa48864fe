#!/bin/sh
# check-call-stack.sh BUILD_DIR: with SLABMALLOC_BACKTRACE=1 the line of a misuse is followed by the call stack, whose
# places the symbolizer turns into the functions of the program; without it there is one line.
set -eu
build=$(readlink -f "$1")
programs=$build/tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

fail() {
  echo "error: $1"
  cat "$scratch/report"
  exit 1
}

# misuse PROGRAM OPTION [ARGUMENT]: leaves what the program writes.
misuse() {
  library=
  case $1 in *-preloaded) library=$build/libslabmalloc-preload.so ;; esac
  status=0
  # The inner shell writes a note of its own when a signal ends a program.
  sh -c 'LD_PRELOAD=$1 SLABMALLOC_BACKTRACE=$2 exec "$3" $4 2>"$5"' - "$library" "$2" "$programs/$1" "${3-}" \
    "$scratch/report" 2>/dev/null || status=$?
  [ "$status" = 134 ] || fail "$1 ends with $status"
  head -n 1 "$scratch/report" |
    grep -qE '^slabmalloc: double free of 0x[0-9a-f]+ \(size class 48\) \[process [0-9]+, thread [0-9]+\]$' ||
    fail "$1: another first line"
}

runs=0
for profile in checked hardened; do
  export SLABMALLOC_PROFILE=$profile
  for kind in preloaded linked static-stack static-pie-stack; do
    for argument in '' thread; do
      misuse "misuse-$kind" 1 $argument
      sed -n "s,^slabmalloc:   0x[0-9a-f]* .*misuse-$kind+\(0x[0-9a-f]*\)\$,\1,p" "$scratch/report" >"$scratch/places"
      "${SWIFT_BIN}llvm-symbolizer" --obj="$programs/misuse-$kind" --functions=linkage --no-inlines \
        <"$scratch/places" >"$scratch/names"
      for function in release_twice call_release; do
        grep -qx "$function" "$scratch/names" || fail "misuse-$kind: $function is not in the call stack"
      done
      [ -n "$argument" ] || grep -qx main "$scratch/names" || fail "misuse-$kind: main is not in the call stack"
      grep -q 'misuse.c:' "$scratch/names" || fail "misuse-$kind: no line of the source"
      runs=$((runs + 1))
    done
    misuse "misuse-$kind" 0
    [ "$(wc -l <"$scratch/report")" = 1 ] || fail "misuse-$kind: a call stack that nobody asked for"
  done
done

# A static program that nobody linked an unwinder with has none.
misuse misuse-static 1
sed -n 2p "$scratch/report" | grep -q '^slabmalloc: no call stack: ' || fail 'misuse-static: does not say why'
echo "=> a misuse shows its call stack in $runs runs"
