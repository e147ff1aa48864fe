#!/bin/sh
# require-swift.sh SWIFTC: fails with one clear line unless Swift 6.2 or newer is there.
version=$("$1" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
set -- ${version:-0 0}
[ "$1" -gt 6 ] || { [ "$1" -eq 6 ] && [ "$2" -ge 2 ]; } && exit 0
if [ "$1" -eq 0 ]; then found="no swiftc in PATH"; else found="swiftc is $1.$2"; fi
echo "slabmalloc needs Swift 6.2 or newer ($found): install it from https://www.swift.org/install" >&2
exit 1
