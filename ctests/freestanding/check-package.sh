#!/bin/sh
# check-package.sh BUILD_DIR: an Embedded package that depends on the typed containers builds with SwiftPM for bare
# machines, and what it makes links with an archive. SWIFT, SWIFT_BIN: the tools.
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
for triple in x86_64-unknown-none-elf riscv64-none-none-eabi; do
  ${SWIFT:-swift} build -c release --triple "$triple" --package-path "$here/package" \
    --scratch-path "$build/embedded-package" -Xswiftc -Xfrontend -Xswiftc -disable-stack-protector \
    >"$build/embedded-package.log" 2>&1 || {
    cat "$build/embedded-package.log"
    exit 1
  }
  for archive in libTyped.a libSlabMallocEmbedded.a; do
    [ -f "$build/embedded-package/$triple/release/$archive" ] || { echo "$triple: no $archive"; exit 1; }
  done
done
# The program of the tests, with the objects of the package in place of those of swiftc.
F=$build/freestanding/x86_64
"${SWIFT_BIN}ld.lld" -static --gc-sections -o "$build/embedded-package/typed" "$F/tests/typed.o" "$F/tests/machine.o" \
  "$build/embedded-package/x86_64-unknown-none-elf/release/libTyped.a" \
  "$build/embedded-package/x86_64-unknown-none-elf/release/libSlabMallocEmbedded.a" "$F/Runtime.o" \
  "$F/libslabmalloc-swiftheap.a" "$F/libslabmalloc.a"
said=$("$build/embedded-package/typed" 2>&1) || { echo "the program of the package failed: $said"; exit 1; }
echo "=> a package by SwiftPM: $said"
