#!/bin/sh
# check-valgrind.sh BUILD_DIR: Valgrind counts allocations, finds a leak and nothing else, under the preload library and
# in a program with the override object, also hardened.
set -eu
build=$(readlink -f "$1")
preload=$build/libslabmalloc-preload.so
programs=$build/tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
runs=0

fail() {
  echo "error: $1"
  cat "$scratch/report"
  exit 1
}

# memcheck PRELOAD PROGRAM PROFILE STATUS
memcheck() {
  status=0
  LD_PRELOAD=$1 SLABMALLOC_PROFILE=$3 timeout 300 valgrind --leak-check=full --error-exitcode=7 \
    --log-file="$scratch/report" "$2" || status=$?
  [ "$status" = "$4" ] || fail "memcheck: ${2##*/} ($3) ends with $status, not $4"
  runs=$((runs + 1))
}

# holds TEXT WHAT
holds() { grep -qF "$1" "$scratch/report" || fail "$2"; }

for profile in checked hardened; do
  for kind in preloaded linked; do
    library=
    [ "$kind" = linked ] || library=$preload
    memcheck "$library" "$programs/leak-$kind" $profile 7
    holds 'total heap usage: 1,001 allocs, 1,000 frees, 200,000 bytes allocated' "leak-$kind: other counts"
    holds 'definitely lost: 100,000 bytes in 1 blocks' "leak-$kind: the leak is not found"
    holds 'ERROR SUMMARY: 1 errors' "leak-$kind: more than the leak is reported"
    holds 'by 0x' "leak-$kind: no call stack"
    memcheck "$library" "$programs/clean-$kind" $profile 0
    holds 'All heap blocks were freed' "clean-$kind: a leak is reported"
    ! grep -q 'total heap usage: 0 allocs' "$scratch/report" || fail "clean-$kind: nothing is counted"
  done
done

for kind in preloaded linked; do
  library=
  [ "$kind" = linked ] || library=$preload
  LD_PRELOAD=$library timeout 300 valgrind -q --tool=massif --massif-out-file="$scratch/report" "$programs/leak-$kind"
  peak=$(sed -n 's/^mem_heap_B=//p' "$scratch/report" | sort -n | tail -n 1)
  [ "$peak" = 100000 ] || [ "$peak" = 100100 ] || fail "massif: leak-$kind has a peak of $peak bytes"
  runs=$((runs + 1))
done
echo "=> Valgrind sees the allocations of $runs programs"
