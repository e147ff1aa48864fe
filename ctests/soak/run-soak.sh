#!/bin/sh
# run-soak.sh LIBRARY PROGRAM SECONDS: runs the soak test under the preload library with little address space, shows its progress, and
# at the end the ledger, which must balance.
set -eu
library=$(readlink -f "$1")
program=$2
seconds=$3
[ "${seconds:-0}" -gt 0 ] || { echo "MINUTES is not a number of minutes" >&2; exit 2; }
ledger=$(mktemp)
trap 'rm -f "$ledger"' EXIT
ulimit -c 0
ulimit -v "${SOAK_KIB:-800000}"

status=0
# The inner shell has the limit and the files; only the program has the library.
timeout $((seconds + 120)) sh -c 'SOAK_SECONDS=$3 SLABMALLOC_STATS=1 LD_PRELOAD=$1 exec "$2" 2>"$4"' - \
  "$library" "$program" "$seconds" "$ledger" || status=$?
[ "$status" -eq 0 ] || { tail -n 40 "$ledger"; echo "the soak test failed: $status"; exit 1; }
# Children that became the program anew print ledgers too: the last one is the program's own.
awk '/size class/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$ledger" >"$ledger.last"
mv "$ledger.last" "$ledger"
awk '/KiB in slabs/ { used += $2 } /KiB in large objects/ { used += $2; large = $2 } /KiB of metadata|KiB dirty|KiB clean/ { used += $2 }
  /KiB taken/ { held += $2 } /KiB given back/ { held -= $2 }
  END {
    printf "ledger: %d KiB held = %d KiB in slabs, large objects, metadata, dirty and clean; %d KiB in large objects\n", held, used, large
    exit !(held > 0 && held == used && large == 0)
  }' "$ledger" || { cat "$ledger"; echo "the ledger does not balance"; exit 1; }
