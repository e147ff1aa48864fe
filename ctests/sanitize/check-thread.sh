#!/bin/sh
# check-thread.sh PROGRAM SUITE...: runs the threads with a large reserve, with small ones, and hardened, and the
# suites; no race may be found.
set -eu
program=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export TSAN_OPTIONS="exitcode=66 halt_on_error=0 history_size=5 suppressions=$(dirname "$0")/races.txt"

# watch WHAT COMMAND...: runs the command; shows what it printed if it failed.
watch() {
  what=$1
  shift
  status=0
  "$@" >"$log" 2>&1 || status=$?
  if [ $status -ne 0 ]; then
    cat "$log"
    echo "races, or a failure, $what: $status" >&2
    exit 1
  fi
  echo "no race $what$(sed -n 's|.*\(seed [0-9]*\).*|, \1|p' "$log")"
}

for reserve in 16 0; do
  watch "with SLABMALLOC_RESERVE=$reserve" env "SLABMALLOC_RESERVE=$reserve" "$program" 20000
done
watch "with SLABMALLOC_PROFILE=hardened" env SLABMALLOC_PROFILE=hardened "$program" 5000
for suite in "$@"; do
  watch "in $(basename "$suite")" "$suite"
done
