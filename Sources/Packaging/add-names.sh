#!/bin/sh
# add-names.sh OBJECT NAMES: gives functions of an object further names, and makes these its only global ones. OBJDUMP
# and OBJCOPY are LLVM's.
#
# NAMES has a line for each, `malloc slm_malloc`: the new name, and the function that it stands for. A linker that makes
# an executable does this with --defsym, but one that makes an object for further linking can't. So each new name
# becomes a symbol at the function's place: its section, and its offset there, as the object's symbol table has them:
#
#     0000000000000040 g     F .text.slm_malloc  0000000000000049 slm_malloc
#
# It fails if a function is not in the object's code.
set -eu
object=$1
names=$2
"${OBJDUMP:-llvm-objdump}" -t "$object" | awk '
  NR == FNR { names_of[$2] = names_of[$2] " " $1; next }
  $NF in names_of {
    section = ""
    for (i = 2; i < NF; i++) if ($i ~ /^[.]text/) section = $i
    if (section == "") next # not defined here, or no code
    count = split(names_of[$NF], list, " ")
    for (i = 1; i <= count; i++) print "--add-symbol=" list[i] "=" section ":0x" $1 ",global,function"
    delete names_of[$NF]
  }
  END {
    for (function_name in names_of) {
      print "error: no function " function_name " in the object, for" names_of[function_name] >"/dev/stderr"
      failed = 1
    }
    exit failed
  }' "$names" - >"$object.symbols"
"${OBJCOPY:-llvm-objcopy}" @"$object.symbols" "$object"
sed 's/ .*//' "$names" >"$object.names"
"${OBJCOPY:-llvm-objcopy}" --keep-global-symbols="$object.names" "$object"
