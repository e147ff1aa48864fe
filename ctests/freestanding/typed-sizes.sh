#!/bin/sh
# typed-sizes.sh DIR ARCHITECTURE...: the bytes of text and constants that one use of each typed container adds to a
# kernel, as a table: each file of uses/ is linked with the archives, without what nothing calls, and compared with
# uses/none.swift. The limits are in typed-limits.txt.
# SWIFTC, SWIFT_BIN: the tools. TRIPLE_x, FLAGS_x: of each architecture.
set -eu
dir=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$dir/uses
mkdir -p "$work"
printf '%-12s %-8s %6s\n' target use bytes
for architecture in "$@"; do
  eval "triple=\$TRIPLE_$architecture flags=\$FLAGS_$architecture"
  base=
  for use in none box buffer pool arena; do
    program=$work/$architecture-$use
    # The flags are a list of words.
    # shellcheck disable=SC2086
    "${SWIFTC:-swiftc}" -swift-version 6 -warnings-as-errors -enable-experimental-feature Embedded -wmo -Osize \
      -parse-as-library -module-name Use -I include -I "$dir/$architecture/typed" -Xfrontend -function-sections \
      -Xfrontend -disable-stack-protector -target "$triple" $flags -c -o "$program.o" "$here/uses/$use.swift"
    "${SWIFT_BIN}ld.lld" -static --gc-sections --entry use -o "$program" "$program.o" \
      "$dir/$architecture/typed/SlabMalloc.o" "$dir/$architecture/Runtime.o" "$dir/$architecture/tests/machine.o" \
      --defsym run=0 "$dir/$architecture/libslabmalloc-swiftheap.a" "$dir/$architecture/libslabmalloc.a"
    bytes=$("${SWIFT_BIN}llvm-objdump" -h "$program" | awk '$2 == ".text" || $2 == ".rodata" { print $3 }' | {
      sum=0
      while read -r size; do sum=$((sum + 0x$size)); done
      echo "$sum"
    })
    if [ "$use" = none ]; then base=$bytes; else printf '%-12s %-8s %6d\n' "$architecture" "$use" $((bytes - base)); fi
  done
done
