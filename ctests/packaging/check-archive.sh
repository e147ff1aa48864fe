#!/bin/sh
# check-archive.sh BUILD_DIR: libslabmalloc.a in C programs, static ones too, and in a Swift program.
set -e
build=$1
here=$(dirname "$0")
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() { "$CC" -std=c11 -Wall -Wextra -Werror -I include "$here/consumer.c" "$build/libslabmalloc.a" "$@"; }
# Another machine's compiler is gcc, which warns of the misuse.
[ -z "$EMULATOR" ] || set -- -Wno-use-after-free
compile "$@" -o "$scratch/c"
programs='c static'
# Another machine's Swift is not in the toolchain.
if [ -z "$EMULATOR" ]; then
  "$SWIFTC" -swift-version 6 -warnings-as-errors -I include -o "$scratch/swift" "$here/consumer.swift" \
    "$build/libslabmalloc.a"
  programs="$programs swift"
fi
# A static program names nothing of the loader, of which the linker would warn.
compile "$@" -static -Wl,--fatal-warnings -o "$scratch/static"
for program in $programs; do
  $EMULATOR "$scratch/$program"
  "${SWIFT_BIN}llvm-objdump" -p "$scratch/$program" >"$scratch/needed"
  if grep 'NEEDED.*slabmalloc' "$scratch/needed"; then
    echo "the $program program was linked to the shared library"
    exit 1
  fi
done
