#!/bin/sh
# run-soak.sh LIBRARY PROGRAM SECONDS: runs the soak test under the preload library with little address space, a third
# of the time in each profile. Shows its progress, and at the end of each third the ledger, which must balance.
set -eu
library=$(readlink -f "$1")
program=$2
[ "${3:-0}" -gt 0 ] || { echo "MINUTES is not a number of minutes" >&2; exit 2; }
seconds=$((($3 + 2) / 3))
ledger=$(mktemp)
trap 'rm -f "$ledger" "$ledger.last"' EXIT
ulimit -c 0
ulimit -v "${SOAK_KIB:-800000}"

for profile in fast checked hardened; do
  status=0
  : >"$ledger"
  # The inner shell has the limit and the files; only the program has the library.
  timeout $((seconds + 120)) sh -c 'SOAK_SECONDS=$3 SLABMALLOC_STATS=json SLABMALLOC_STATS_FILE=$4 \
    SLABMALLOC_PROFILE=$5 LD_PRELOAD=$1 exec "$2"' - "$library" "$program" "$seconds" "$ledger" "$profile" || status=$?
  [ "$status" -eq 0 ] || { echo "the soak test failed ($profile): $status"; exit 1; }
  # Children that became the program anew print ledgers too: the last one is the program's own.
  tail -n 1 "$ledger" >"$ledger.last"
  jq -e -r --arg profile "$profile" '.total as $t
    | ([.rows[] | select(.row == "large") | .held_bytes] | add // 0) as $large
    | ($t | .live_bytes + .free_bytes + .metadata_bytes + .dirty_bytes + .clean_bytes) as $sum
    | if $t.held_bytes > 0 and $t.held_bytes == $sum and .taken_bytes - .given_back_bytes == $sum and $large == 0
      then "ledger (\($profile)): \($t.held_bytes) bytes held = \($sum) live, free, metadata, dirty and clean;"
        + " \($large) in large objects"
      else error("the ledger does not balance") end' "$ledger.last" || { cat "$ledger.last"; exit 1; }
done
