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
  # The inner shell has the limit and the files; only the program has the library.
  timeout $((seconds + 120)) sh -c \
    'SOAK_SECONDS=$3 SLABMALLOC_STATS=1 SLABMALLOC_PROFILE=$5 LD_PRELOAD=$1 exec "$2" 2>"$4"' - \
    "$library" "$program" "$seconds" "$ledger" "$profile" || status=$?
  [ "$status" -eq 0 ] || { tail -n 40 "$ledger"; echo "the soak test failed ($profile): $status"; exit 1; }
  # Children that became the program anew print ledgers too: the last one is the program's own.
  awk '/size class/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$ledger" >"$ledger.last"
  awk -v profile="$profile" '/KiB in slabs/ { used += $2 } /KiB in large objects/ { used += $2; large = $2 }
    /KiB of metadata|KiB dirty|KiB clean/ { used += $2 } /KiB taken/ { held += $2 } /KiB given back/ { held -= $2 }
    END {
      printf "ledger (%s): %d KiB held = %d KiB in slabs, large objects, metadata, dirty and clean; %d KiB in large" \
        " objects\n",
        profile, held, used, large
      exit !(held > 0 && held == used && large == 0)
    }' "$ledger.last" || { cat "$ledger.last"; echo "the ledger does not balance ($profile)"; exit 1; }
done
