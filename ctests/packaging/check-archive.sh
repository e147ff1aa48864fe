#!/bin/sh
# check-archive.sh BUILD_DIR: libslabmalloc.a in a C and in a Swift program.
set -e
build=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$CC" -std=c11 -Wall -Wextra -Werror -I include -o "$scratch/c" "$here/consumer.c" "$build/libslabmalloc.a"
"$SWIFTC" -swift-version 6 -warnings-as-errors -I include -o "$scratch/swift" "$here/consumer.swift" \
  "$build/libslabmalloc.a"
for program in c swift; do
  "$scratch/$program"
  "${SWIFT_BIN}llvm-objdump" -p "$scratch/$program" >"$scratch/needed"
  if grep 'NEEDED.*slabmalloc' "$scratch/needed"; then
    echo "the $program program was linked to the shared library"
    exit 1
  fi
done
