#!/bin/sh
# bench-kernel.sh BUILD_DIR [gate]: zones against the heaps that kernels start with, in instructions (callgrind) and
# nanoseconds a pair of allocation and deallocation. What the workload itself costs is taken off.
# With `gate` only what has a limit is counted, nothing is timed, and the limits must hold.
set -eu
build=${1:?usage: bench-kernel.sh BUILD_DIR [gate]}
mode=${2:-}
program=$build/bench/kernel/bench
out=$build/bench/kernel/callgrind
rm -rf "$out"
mkdir -p "$out"

[ "$mode" = gate ] || "$program" >"$out/timed"
valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/dump" "$program" $mode >"$out/rows" \
  2>"$out/log" || {
  cat "$out/log" >&2
  exit 1
}
# One dump a row: dump.1, dump.2, ... in their order.
line=0
while read -r row; do
  line=$((line + 1))
  echo "$row	$(sed -n 's/^summary: //p' "$out/dump.$line")"
done <"$out/rows" >"$out/counted"

awk -F '\t' -v mode="$mode" -v timed="$out/timed" '
  BEGIN {
    pairs = 10000
    # The more objects live, the fewer of the slots that are free lie together in a slab, and the more often an
    # allocation goes on to another slab.
    limit_growth = 1.25
    limit_replace = 100
    # What rust-slabmalloc published for its zone, by size: instructions / ns a pair. It was not run here.
    published["pairs of 8 bytes"] = "177 / 11-14"
    published["pairs of 64 bytes"] = "191 / 11-14"
    published["pairs of 1 KiB"] = "214 / 11-14"
    published["pairs of 64 KiB"] = "250 / 11-14"
    while (mode != "gate" && (getline <timed) > 0) time[$1, $2] = $3
  }
  {
    if (!($1 in seen)) { seen[$1]; rows[++row_count] = $1 }
    if (!($2 in known)) { known[$2]; heaps[++heap_count] = $2 }
    count[$1, $2] = $4 / pairs
    if ($2 != heaps[1]) count[$1, $2] -= count[$1, heaps[1]]
  }
  END {
    if (mode != "gate") {
      printf "%-26s", "instructions / ns a pair"
      printf " %16s", "rust-slabmalloc"
      for (h = 2; h <= heap_count; h++) printf " %16s", heaps[h]
      print ""
      for (r = 1; r <= row_count; r++) {
        printf "%-26s %16s", rows[r], (rows[r] in published) ? published[rows[r]] : "-"
        for (h = 2; h <= heap_count; h++) {
          key = rows[r] SUBSEP heaps[h]
          if (key in count) printf " %16s", sprintf("%.0f / %.0f", count[key], time[key] - time[rows[r], heaps[1]])
          else printf " %16s", "-"
        }
        print ""
      }
    }
    ratio = count["replace, 10000 live", "linked list"] / count["replace, 10000 live", "zone"]
    printf "=> 10000 live objects: a linked list takes %.0f times the instructions of a zone", ratio
    print " (limit: at least 3)"
    replace = count["replace, 10000 live", "zone"]
    printf "=> 10000 live objects: %.1f instructions a replacement (limit: %d)\n", replace, limit_replace
    growth = count["replace, 1000000 live", "zone"] / count["replace, 100 live", "zone"]
    printf "=> from 100 to 1000000 live objects: %.2f times the instructions (limit: %.2f)\n", growth, limit_growth
    exit !(ratio >= 3 && growth > 0 && growth <= limit_growth && replace > 0 && replace <= limit_replace)
  }' "$out/counted"
