#!/bin/sh
# check-synopsis.sh BUILD_DIR [INCLUDE]: the synopsis at the top of slabmalloc.h, the code between @code and @endcode,
# compiles as C11 and C++11 without a warning, and runs. It is at most 30 lines.
set -eu
build=$1
include=${2:-include}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sed -n '/^ \* @code/,/^ \* @endcode/{s/^ \* \{0,1\}//;p}' "$include/slabmalloc.h" |
  sed '1d; /^@endcode/,$d' >"$scratch/synopsis"
lines=$(wc -l <"$scratch/synopsis")
[ "$lines" -ge 20 ] && [ "$lines" -le 30 ] || { echo "the synopsis has $lines lines"; exit 1; }
{
  printf '#include <slabmalloc.h>\n#include <stdio.h>\n'
  cat "$scratch/synopsis"
  echo 'static struct { SLM_ALIGNAS(4096) unsigned char bytes[4096]; } page;'
  echo 'int main(void) { return synopsis(&page); }'
} >"$scratch/synopsis.c"
cp "$scratch/synopsis.c" "$scratch/synopsis.cpp"

run() { # COMPILER...
  "$@" -Wall -Wextra -Wpedantic -Werror -I "$include" -o "$scratch/program" -L "$build" -lslabmalloc \
    -Wl,-rpath,"$(cd "$build" && pwd)"
  status=0
  "$scratch/program" || status=$?
  [ $status -eq 0 ] || { echo "the synopsis, compiled by $*, exits with $status"; exit 1; }
}
run gcc -std=c11 "$scratch/synopsis.c" -Wl,--no-as-needed
run "$CLANG" -std=c11 "$scratch/synopsis.c" -Wl,--no-as-needed
run g++ -std=c++11 "$scratch/synopsis.cpp" -Wl,--no-as-needed
run "$CLANG++" -std=c++11 "$scratch/synopsis.cpp" -Wl,--no-as-needed
echo "=> the $lines lines of the synopsis run as C11 and C++11"
