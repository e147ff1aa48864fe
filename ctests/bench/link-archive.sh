#!/bin/sh
# Links build/bench/pairs as one file without shared objects, with the malloc of an archive.
# usage: link-archive.sh PROGRAM ARCHIVE 'OBJECT...' ['OPTION...']     the compiler is CC
# Without the archive there is no program, and that is no failure: bench.sh says what is missing.
set -eu
program=$1 archive=$2 objects=$3 options=${4:-}
cc=${CC:-cc}
rm -f "$program"
trap 'rm -f "$program.part" "$program.trace"' EXIT
# The compiler echoes a name that it doesn't find.
for needed in libc.a libstdc++.a "$archive"; do
  path=$($cc -print-file-name="$needed")
  [ -f "$path" ] || {
    echo "  (none)  $program: no $needed"
    exit 0
  }
done
# $path is that of the archive now. The C library comes by itself, and not whole.
whole="-Wl,--whole-archive $path -Wl,--no-whole-archive"
[ "$archive" != libc.a ] || whole=

# The linker says where it found malloc: a program that measures another one would be worse than none.
echo "  LINK    $program"
# shellcheck disable=SC2086  # lists of words
$cc -static -o "$program.part" $objects $whole $options -Wl,--trace-symbol=malloc >"$program.trace" 2>&1 || {
  cat "$program.trace" >&2
  exit 1
}
grep -q "/$archive(.*: definition of malloc\$" "$program.trace" || {
  echo "bench: malloc of $program is not that of $archive:" >&2
  cat "$program.trace" >&2
  exit 1
}
mv "$program.part" "$program"
