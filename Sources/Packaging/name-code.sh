#!/bin/sh
# name-code.sh OBJECT: gives the code of an object to link sections of one name, slm_text. A linker tells where sections
# with the name of a variable start and stop, and the heap profile then knows the library's own calls in a program that
# it is linked into, see CallStack.c. Each function keeps a section of its own. LLD and OBJCOPY are LLVM's.
set -eu
"${LLD:-ld.lld}" -r -o "$1.part" -Map="$1.sections" "$1"
awk 'NF == 5 && $5 ~ /^\.text/ { print "--rename-section=" $5 "=slm_text" }' "$1.sections" | sort -u >"$1.names"
"${OBJCOPY:-llvm-objcopy}" @"$1.names" "$1"
rm -f "$1.part" "$1.sections" "$1.names"
