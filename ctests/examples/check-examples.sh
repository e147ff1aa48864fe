#!/bin/sh
# Runs every example and compares what it prints with what it should.
# usage: check-examples.sh BUILD_DIR   (holds the examples; the library is in its parent)
# CC, SWIFTC: the compilers for those that are built here.
set -eu
export LC_ALL=C
[ $# -eq 1 ] || { echo "usage: $0 BUILD_DIR" >&2; exit 2; }
build=$(cd "$1" && pwd)
lib=$(dirname "$build")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failed=0

pass() { printf '  ok    %s\n' "$1"; }
fail() { printf '  FAIL  %s\n' "$1"; failed=$((failed + 1)); }

# expect NAME STATUS COMMAND...: the command exits with STATUS and prints what standard input says.
expect() {
  name=$1 status=$2
  shift 2
  cat >expected
  code=0
  "$@" >actual 2>errors </dev/null || code=$?
  if [ "$code" -ne "$status" ]; then
    fail "$name: exit status $code, not $status"
    cat actual errors
  elif ! diff expected actual >difference; then
    fail "$name: other output than expected"
    cat difference
  else
    pass "$name"
  fi
}

# holds NAME PROGRAM FILE: the awk program finds nothing to print in the file.
holds() {
  complaint=$(awk "$2" "$3")
  if [ -z "$complaint" ]; then pass "$1"; else fail "$1: $complaint"; cat "$3"; fi
}

expect hello 0 "$build/hello" <<END
32 bytes from a slab
END

expect push_pages 0 "$build/push_pages" <<END
objects of 256 bytes need a page of 4096 bytes
no page yet:       0 objects, then SLM_ERR_OUT_OF_MEMORY
after 1 refill:   15 objects, then SLM_ERR_OUT_OF_MEMORY
after 2 refills:  30 objects, then SLM_ERR_OUT_OF_MEMORY
same page again:  SLM_ERR_PAGE_OWNED
all freed:        2 of 2 page frames are ours again
destroy:          SLM_OK
END

if "$build/static_buffer" >out; then pass static_buffer; else fail "static_buffer: exit status $?"; fi
holds 'static_buffer: every page comes back' '
  /^before/         { left = $NF; if ($2 != 0 || $3 != 0 || left == 0) print "the start is wrong" }
  /^buffer used up/ { if ($4 != left || $5 != 0 || $6 != 0) print "not every page was used" }
  /^zone destroyed/ { if ($3 != left || $4 != left || $5 != left) print "not every page came back" }
  /objects of/      { if ($1 < left * 34 || $1 > left * 37) print $1 " objects on " left " pages" }
  END               { if (NR != 5) print NR " lines" }' out

if "$build/pool" >out; then pass pool; else fail "pool: exit status $?"; fi
holds 'pool: slots and statuses' '
  /^a struct/    { if ($4 != 56 || $9 != "56:" || $10 != 10000) print "wrong figures of slots" }
  /^a struct/    { if ($13 < 9 || $13 > 10 || $16 != 64) print "wrong figures of pages" }
  /^destroy one/ { if ($NF != "SLM_OK") print "destroy: " $NF }
  /^the same/    { if ($NF != "SLM_ERR_DOUBLE_FREE") print "double free: " $NF }
  /^inside/      { if ($NF != "SLM_ERR_INTERIOR_POINTER") print "interior pointer: " $NF }
  /^destroy the/ { if ($4 != "SLM_OK," || $5 != 9999) print "wrong end" }
  END            { if (NR != 5) print NR " lines" }' out

expect inodes 0 "$build/inodes" <<END
     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME
           0           0        0         262144    0%         262144 heap
        9000       10796        4         262144   82%         262144 inodes
     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME
           1          31        1         196608    2%         262144 heap
           1        2699        1          65536    0%         262144 inodes
left: inode 1, 24 bytes
END

expect heap 0 "$build/heap" <<END
magnitude=0.03, name=Vega
  5 objects freed at once
x, x, x, x, x, x, x, x, x, x, x,
  20001 objects freed at once
bytes in slabs: 0 at the start, 0 now
END

expect words 0 "$build/words" <<END
1 another-slab-on-a-page
3 one
1 page
1 slab
END

expect stars 0 "$build/stars" <<END
499999500000
Vega has magnitude 0.03
in the cache of planets
SLM_ERR_LIMIT
SLM_ERR_INVALID_ARGUMENT
END

expect seed 0 "$build/seed" <<END
zone:  SLM_OK
cache: SLM_OK
END

# A thread that ends while others free its last objects may leave a slab to the next one.
if "$build/threads" >out; then pass threads; else fail "threads: exit status $?"; fi
holds 'threads: the sum, and a ledger that closes' '
  /^200000 messages,/ { sums++; if ($NF != 10000100000) print "the sum is wrong" }
  $(NF - 4) ~ /^[0-9]+$/ {
    ledgers++
    if ($(NF - 4) == 0 || $(NF - 4) != $(NF - 3) + $(NF - 2) + $(NF - 1) + $NF) print "the ledger does not close"
    if ($(NF - 3) > 512) print "objects are left"
  }
  /^purged/ { if ($(NF - 1) != 0) print "something is retained after the purge" }
  END       { if (sums != 1 || ledgers != 2 || NR != 4) print "something is missing" }' out

# The kernel start is compiled as a kernel would, then run under a hosted main.
cc=${CC:-cc}
if $cc -std=c11 -Wall -Wextra -Wpedantic -Werror -ffreestanding -nostdlib -fno-builtin -I "$root/include" \
     -c "$here/kernel/kernel_start.c" -o kernel_start.o &&
   $cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I "$root/include" "$here/kernel/hosted_main.c" kernel_start.o \
     -L "$lib" -lslabmalloc -Wl,-rpath,"$lib" -o kernel_start; then
  expect kernel_start 0 ./kernel_start <<END
no memory:    SLM_ERR_OUT_OF_MEMORY
memory map:   SLM_OK
64 bytes:     in the memory map
100000 bytes: in the memory map
free:         SLM_OK
free again:   SLM_ERR_DOUBLE_FREE
END
else
  fail 'kernel_start: does not compile'
fi

# The package of a Swift programmer; what it builds is kept, for the next time.
if ${SWIFT:-swift} build --package-path "$here/swift/stars" --scratch-path "$lib/swift-example" >out 2>&1; then
  expect 'swift: stars' 0 "$lib/swift-example/debug/stars" <<END
Sirius has magnitude -1.46
Vega has 24 bytes, and 2699 stars fit on a page
the second free was refused
END
  expect 'swift: seed' 0 "$lib/swift-example/debug/seed" <<END
both examples work
END
  expect 'swift: types' 0 "$lib/swift-example/debug/types" <<END
Sirius 15
Vega has lost a neighbour
603
Deneb, 2600.0 light years: 2 objects with 112 bytes in 131072 (peak 131072, hard limit 1048576)
6
stored
try again with less: limit (8000000 bytes, aligned to 8): the hard limit forbids another page, which is 1048576 bytes. \
Free objects, reclaim pages, or raise the limit.
a mistake: invalidLayout (9223372036854775807 bytes, aligned to 8): no allocator of this kind serves this size and \
alignment. Ask for less, and for an alignment that is a power of two.
2 0
END
  . "$here/check-tutorial.sh"
else
  fail 'swift: the package stars does not build'
  cat out
fi

for mode in '' '-enable-experimental-feature Embedded -wmo'; do
  # The mode is a list of words, or none.
  # shellcheck disable=SC2086
  if ${SWIFTC:-swiftc} -swift-version 6 -warnings-as-errors $mode -I "$root/include" "$here/swift/embedded.swift" \
       -L "$lib" -lslabmalloc -Xlinker -rpath -Xlinker "$lib" -o embedded; then
    expect "swift: embedded.swift ${mode:-regular}" 0 ./embedded <<END
Sirius is 9 light years away
END
  else
    fail "swift: embedded.swift does not compile $mode"
  fi
done

. "$here/check-word-index.sh"
for document in README.md $(cd "$root" && ls Sources/SlabMalloc/SlabMalloc.docc/*.md); do
  if sh "$here/check-document.sh" "$root" "$document"; then
    pass "$document: code blocks and names"
  else
    fail "$document"
  fi
done

[ "$failed" -eq 0 ] || { echo "$failed checks of the examples failed"; exit 1; }
echo 'all examples pass'
