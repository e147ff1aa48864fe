#!/bin/sh
# check-freestanding.sh DIR ARCHITECTURE...: what the freestanding archives define and need.
# They may need the names in freestanding-symbols.txt: three functions of every C library, and the [REQUIRED] hook of port.h.
set -e
dir=$1
shift
nm="${SWIFT_BIN}llvm-nm"
allowed=$(dirname "$0")/freestanding-symbols.txt

names() {
  "$nm" "$@" | awk 'NF > 1 { print $NF }' | sort -u
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
