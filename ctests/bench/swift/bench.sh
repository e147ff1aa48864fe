#!/bin/sh
# bench.sh BUILD_DIR: trees, graphs, an LRU cache and a parser on class instances, ManagedBuffer,
# UnsafeMutablePointer.allocate and Pool, in one run: seconds of processor time (median of five), instructions by
# callgrind at a tenth of the size, and peak resident memory. swift-collections is not compared: its containers are no
# nodes with fixed addresses. COUNT: nodes, 200000. SWIFT, SWIFT_BIN: the tools.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scratch=$build/swift-bench
count=${COUNT:-200000}
${SWIFT:-swift} build -c release --omit-frame-pointers --package-path "$here" \
  --scratch-path "$scratch" --product Bench \
  >"$scratch.log" 2>&1 || {
  cat "$scratch.log"
  exit 1
}
# Debian 12's valgrind stops at the compiler's DWARF 5.
"${SWIFT_BIN}llvm-objcopy" --strip-debug "$scratch/release/Bench" "$scratch/bench"
printf '%-8s %-8s %9s %15s %10s\n' workload store seconds instructions peak-KiB
for workload in tree graph lru parser; do
  expected=
  for store in class managed pointer pool; do
    rows=$(for _ in 1 2 3 4 5; do "$scratch/bench" $workload $store "$count"; done | sort -n -k 2)
    result=$(echo "$rows" | awk '{ print $1 }' | sort -u)
    [ "${expected:=$result}" = "$result" ] || { echo "$workload: $store has another result"; exit 1; }
    instructions=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$scratch/bench" $workload $store \
      $((count / 10)) 2>&1 | sed -n 's/.*Collected : //p')
    echo "$rows" | awk -v workload=$workload -v store=$store -v instructions="$instructions" 'NR == 3 {
      printf "%-8s %-8s %9.3f %15d %10d\n", workload, store, $2, instructions, $3 }'
  done
done
