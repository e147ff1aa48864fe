#!/bin/sh
# check-freestanding.sh DIR ARCHITECTURE...: what the freestanding archives define and need.
# They may need the names in freestanding-symbols.txt: three functions of every C library, and no hook.
set -e
dir=$1
shift
nm="${SWIFT_BIN}llvm-nm"
allowed=$(dirname "$0")/freestanding-symbols.txt

names() {
  # What every linker makes itself for position-independent code of i686 is no need.
  "$nm" "$@" | awk 'NF > 1 && $NF != "_GLOBAL_OFFSET_TABLE_" { print $NF }' | sort -u
}
check() { # ARCHIVE API...
  archive=$1
  shift
  names --defined-only --extern-only "$archive" >"$dir/names"
  sort "$@" "$dir/hooks.txt" | diff -u --label "headers: $*" --label "$archive" - "$dir/names"
  # An embedder's own hooks take the place of the archive's.
  "$nm" --defined-only "$archive" | awk '$2 == "W" { print $NF }' | sort |
    diff -u --label 'optional hooks in port.h' --label "weak in $archive" "$dir/hooks.txt" -
  # What one object of the archive needs of the other is no need.
  if names -u "$archive" | grep -v -x -f "$allowed" | grep -v -x -f "$dir/names"; then
    echo "$archive needs these, which are not in $allowed"
    exit 1
  fi
}
for architecture in "$@"; do
  check "$dir/$architecture/libslabmalloc.a" "$dir/api.txt" "$dir/print-api.txt"
  # The object that prints stands beside the other, which needs nothing of it.
  if names -u "$dir/$architecture/libslabmalloc.o" | grep -x -f "$dir/print-api.txt"; then
    echo "libslabmalloc.o of $architecture needs what prints reports"
    exit 1
  fi
  check "$dir/$architecture/libslabmalloc-small.a" "$dir/small-api.txt"
  heap=$dir/$architecture/libslabmalloc-swiftheap.a
  [ "$(echo $(names -u "$heap"))" = 'slm_swift_heap_allocate slm_swift_heap_free' ] ||
    { echo "$heap needs more"; exit 1; }
  # Where the calling convention has floating-point registers, the compiler might use them for something else.
  case $architecture in
    riscv64-lp64d) float='^(c\.)?f[^e ]' ;;
    armv7em-hf) float='^v' ;;
    *) float= ;;
  esac
  for archive in libslabmalloc libslabmalloc-small; do
    [ -n "$float" ] || continue
    "${SWIFT_BIN}llvm-objdump" -d --no-show-raw-insn "$dir/$architecture/$archive.a" |
      awk -F '\t' '/^ *[0-9a-f]+:/ { print $2 }' | sort -u >"$dir/mnemonics"
    [ -s "$dir/mnemonics" ]
    if grep -E "$float" "$dir/mnemonics"; then
      echo "$archive.a of $architecture uses floating-point registers"
      exit 1
    fi
  done
  echo "=> $architecture needs" $(names -u "$dir/$architecture/libslabmalloc.a" | grep -v -x -f "$dir/names")
done

# The bound on the stack is one for each function.
while read -r function; do
  grep -qw "$function" ctests/freestanding/stack.c || { echo "stack.c does not call $function"; exit 1; }
done <<END_OF_FUNCTIONS
$(cat "$dir/api.txt" "$dir/print-api.txt")
END_OF_FUNCTIONS

limits=$(dirname "$0")/freestanding-limits.txt
"$(dirname "$0")/freestanding-sizes.sh" "$dir" "$@" | awk '
  FNR == NR { if ($0 !~ /^#/) { text[$1, $2] = $3; constants[$1, $2] = $4; data[$1, $2] = $5 }; next }
  FNR == 1 { next }
  !(($1, $2) in text) { print $1, $2, "has no limit"; bad = 1; next }
  $3 == 0 || $3 > text[$1, $2] || $4 > constants[$1, $2] || $5 > data[$1, $2] {
    printf "%s %s: text %s of %s, constants %s of %s, data %s of %s\n", $1, $2, $3, text[$1, $2], $4,
      constants[$1, $2], $5, data[$1, $2]
    bad = 1
  }
  END { exit bad }' "$limits" -
