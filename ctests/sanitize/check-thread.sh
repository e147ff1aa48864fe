#!/bin/sh
# check-thread.sh PROGRAM: runs the threads with a large reserve, and with small ones; no race may be found.
set -eu
program=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export TSAN_OPTIONS="exitcode=66 halt_on_error=0 history_size=5 suppressions=$(dirname "$0")/races.txt"
for reserve in 16 0; do
  status=0
  SLABMALLOC_RESERVE=$reserve "$program" 20000 >"$log" 2>&1 || status=$?
  if [ $status -ne 0 ]; then
    cat "$log"
    echo "races, or a failure, with SLABMALLOC_RESERVE=$reserve: $status" >&2
    exit 1
  fi
  echo "no race with SLABMALLOC_RESERVE=$reserve, $(grep -o 'seed.*' "$log")"
done
