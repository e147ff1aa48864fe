#!/bin/sh
# check-override.sh BUILD_DIR: libslabmalloc-malloc.o makes slabmalloc the malloc of the program it is linked into, be
# that linked to the C library's shared object or to its archive.
set -e
build=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for kind in -pie -static; do
  "$CC" -std=gnu11 -Wall -Wextra -Werror -O1 -fno-builtin "$kind" -o "$scratch/program" "$here/override.c" \
    "$build/libslabmalloc-malloc.o" -lpthread
  status=0
  "$scratch/program" || status=$?
  [ "$status" = 0 ] || { echo "error: with $kind the program says $status"; exit 1; }
done

# Its names are the C library's, and no others.
"${SWIFT_BIN}llvm-nm" --defined-only --extern-only -j "$build/libslabmalloc-malloc.o" | sort >"$scratch/has"
sed 's/ .*//' Sources/SlabMalloc/API/Libc/names.txt | sort >"$scratch/wanted"
diff "$scratch/wanted" "$scratch/has"
