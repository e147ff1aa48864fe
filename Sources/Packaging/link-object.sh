#!/bin/sh
# link-object.sh OUTPUT FUNCTIONS OBJECT...: links objects to one that has only what the functions need, which the file
# FUNCTIONS lists. LLD, NM and OBJCOPY are LLVM's.
#
# `ld.lld -r --gc-sections` does the same, but drops all unwind information: .eh_frame leads to every function, and
# nothing leads to it. A debugger, a C++ exception and a call stack then end at the first function of the object. So the
# first link only finds out what nothing needs, and the second one discards that by name:
#
#     objects ──gc──> sections that nothing needs ──> /DISCARD/ ──> object with .eh_frame ──> without unused symbols
set -eu
output=$1
functions=$2
shift 2
roots=$(sed 's/^/-u /' "$functions")
# shellcheck disable=SC2086
"${LLD:-ld.lld}" -r --gc-sections --print-gc-sections $roots -o "$output.gc" "$@" >"$output.unused"

# Sections with a name of their own alone. Others have a bit of everything, and stay. Debug information names variables,
# and GNU ld for arm64 takes no reference to one that is gone.
{
  echo 'SECTIONS { /DISCARD/ : {'
  sed -n 's/^removing unused section \(.*\):(\(.*\))$/\1 \2/p' "$output.unused" |
    awk '$2 !~ /^\.(rela|eh_frame)/ && $2 !~ /^\.(text|rodata|data|bss)$/ && $2 !~ /^\.rodata\.(str|cst)/ {
      print $1 "(" $2 ")" }'
  echo '} }'
} >"$output.script"
"${LLD:-ld.lld}" -r -T "$output.script" $roots -o "$output" "$@"

# What only discarded sections refer to would still be looked for.
for object in "$output.gc" "$output"; do "${NM:-llvm-nm}" -u -j "$object" | sort -u >"$object.needs"; done
comm -13 "$output.gc.needs" "$output.needs" | sed 's/^/--strip-symbol=/' >"$output.strip"
"${OBJCOPY:-llvm-objcopy}" @"$output.strip" "$output"
rm -f "$output.gc" "$output.gc.needs" "$output.needs" "$output.strip" "$output.script" "$output.unused"
