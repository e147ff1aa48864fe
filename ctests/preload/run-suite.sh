#!/bin/sh
# run-suite.sh LIBRARY PROGRAM: runs a cmocka suite under the preload library and prints its closing line; all it
# printed if it failed.
set -eu
library=$(readlink -f "$1")
suite=preload/$(basename "$2")${SLABMALLOC_PROFILE:+ ($SLABMALLOC_PROFILE)}
output=$(mktemp)
trap 'rm -f "$output"' EXIT

limit=600
[ -z "${EMULATOR-}" ] || limit=1200
status=0
timeout "$limit" env LD_PRELOAD="$library" ${EMULATOR-} "$2" >"$output" 2>&1 || status=$?
if [ "$status" -eq 0 ] && grep -q '\[  PASSED  \] [1-9]' "$output"; then
  grep -E '\[  (PASSED|SKIPPED)  ?\] [1-9]' "$output" | sed "s,^,$suite: ,"
else
  cat "$output"
  echo "$suite: FAILED with exit status $status"
  exit 1
fi
