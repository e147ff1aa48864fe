#!/bin/sh
# name-hot.sh OBJECT FUNCTION...: gives hot Swift functions their C names. NM and OBJCOPY are LLVM's.
#
# The compiler emits each function that C calls twice: a Swift function, with a mangled name, and a function with the C
# name that only jumps to it. Where all arguments and results are words, both take them in the same registers. The Swift
# function can therefore be called by the C name itself, which saves two instructions a pair of malloc and free. This
# script renames the Swift function to FUNCTION, and the other one to jump_FUNCTION, which nothing refers to: the linker
# drops it.
#
# A mangled name here is $e, names with their lengths, y, the types, F. It fails unless each function has one such twin.
set -eu
object=$1
shift
names=$object.names
"${NM:-llvm-nm}" --defined-only -j "$object" >"$names.all"
: >"$names"
for function in "$@"; do
  twin=$(grep -x "\\\$e.*[0-9]${function}y.*F" "$names.all" || true)
  case $twin in
    '') echo "error: $function has no Swift function in $object" >&2; exit 1 ;;
    *"
"*) echo "error: $function has more than one Swift function in $object:" $twin >&2; exit 1 ;;
  esac
  grep -qx "$function" "$names.all" || { echo "error: no $function in $object" >&2; exit 1; }
  printf '%s jump_%s\n%s %s\n' "$function" "$function" "$twin" "$function" >>"$names"
done
rm -f "$names.all"
"${OBJCOPY:-llvm-objcopy}" --redefine-syms="$names" "$object"
