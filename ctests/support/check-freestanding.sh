#!/bin/sh
# check-freestanding.sh DIR ARCHITECTURE...: what the freestanding archives define and need.
# Allowed are the names in freestanding-symbols.txt, and the hooks an embedder provides, slm_port_*.
set -e
dir=$1
shift
nm="${SWIFT_BIN}llvm-nm"
allowed=$(dirname "$0")/freestanding-symbols.txt

for architecture in "$@"; do
  archive=$dir/$architecture/libslabmalloc.a
  "$nm" --defined-only --extern-only -j "$archive" | grep -v -e ':$' -e '^$' | sort |
    diff -u --label "header without what needs an operating system" --label "$archive" "$dir/api.txt" -
  undefined=$("$nm" -u -j "$archive" | grep -v -e ':$' -e '^$' | sort -u)
  if printf '%s\n' "$undefined" | grep -v -x -f "$allowed" | grep -v -e '^slm_port_' -e '^$'; then
    echo "$archive needs these, which are not in $allowed"
    exit 1
  fi
  echo "=> $architecture needs" $undefined
done
