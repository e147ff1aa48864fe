#!/bin/sh
# check-freestanding.sh DIR ARCHITECTURE...: what the freestanding archives define and need.
# They may need the names in freestanding-symbols.txt: three functions of every C library, and the [REQUIRED] hook of port.h.
set -e
dir=$1
shift
nm="${SWIFT_BIN}llvm-nm"
allowed=$(dirname "$0")/freestanding-symbols.txt

names() {
  # What every linker makes itself for position-independent code of i686 is no need.
  "$nm" "$@" | awk 'NF > 1 && $NF != "_GLOBAL_OFFSET_TABLE_" { print $NF }' | sort -u
}
for architecture in "$@"; do
  archive=$dir/$architecture/libslabmalloc.a
  sort "$dir/api.txt" "$dir/hooks.txt" | diff -u --label 'headers, without what needs an operating system' --label "$archive" - \
    "$(names --defined-only --extern-only "$archive" >"$dir/names" && echo "$dir/names")"
  # An embedder's own hooks take the place of the archive's.
  "$nm" --defined-only "$archive" | awk '$2 == "W" { print $NF }' | sort |
    diff -u --label 'optional hooks in port.h' --label "weak in $archive" "$dir/hooks.txt" -
  if names -u "$archive" | grep -v -x -f "$allowed"; then
    echo "$archive needs these, which are not in $allowed"
    exit 1
  fi
  echo "=> $architecture needs" $(names -u "$archive")
done

limits=$(dirname "$0")/freestanding-limits.txt
"$(dirname "$0")/freestanding-sizes.sh" "$dir" "$@" | awk '
  FNR == NR { if ($0 !~ /^#/) { text[$1, $2] = $3; constants[$1, $2] = $4; data[$1, $2] = $5 }; next }
  FNR == 1 { next }
  !(($1, $2) in text) { print $1, $2, "has no limit"; bad = 1; next }
  $3 == 0 || $3 > text[$1, $2] || $4 > constants[$1, $2] || $5 > data[$1, $2] {
    print $1, $2 ": text", $3, "of", text[$1, $2] ", constants", $4, "of", constants[$1, $2] ", data", $5, "of", data[$1, $2]; bad = 1
  }
  END { exit bad }' "$limits" -
