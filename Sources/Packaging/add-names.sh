#!/bin/sh
# add-names.sh OBJECT NAMES...: gives functions of an object other names. NM and OBJCOPY are LLVM's.
#
# NAMES are files with a line for each, `malloc slm_malloc`: the new name, and the function that gets it. The function
# keeps its place, its type and its size. Valgrind and profilers recognise a function by all three, and a second symbol
# at the same place, as --defsym and --add-symbol make it, has no size:
#
#     0000000000000040    73 FUNC    GLOBAL DEFAULT    4 malloc
#
# References to the function in the object follow. It fails if a function is not in the object, or gets two names.
set -eu
object=$1
shift
"${NM:-llvm-nm}" --defined-only -P "$object" | awk '$2 == "T" || $2 == "W" { print $1 }' >"$object.functions"
awk '
  FILENAME == ARGV[1] { exists[$1] = 1; next }
  !($2 in exists) { print "error: no function " $2 " in the object, for " $1 >"/dev/stderr"; failed = 1 }
  $2 in taken { print "error: " $2 " gets two names, " taken[$2] " and " $1 >"/dev/stderr"; failed = 1 }
  { taken[$2] = $1; print "--redefine-sym=" $2 "=" $1; print "--set-symbol-visibility=" $2 "=default" }
  END { exit failed }' "$object.functions" "$@" >"$object.symbols"
"${OBJCOPY:-llvm-objcopy}" @"$object.symbols" "$object"
