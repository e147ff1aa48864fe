#!/bin/sh
# What the compiler refuses of the typed containers, and what it accepts. Each file of refused/ must not compile, with
# the text of its first line among the errors. Each file of accepted/ compiles without a warning, with strict memory
# safety and no experimental feature, and runs; typed.swift prints what typed.txt says.
# usage: check-ownership.sh BUILD_DIR      SWIFT, SWIFTC: the tools
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$build/ownership"
work=$(cd "$build/ownership" && pwd)

# What it builds is kept, for the next time; the debug build is that of `swift test`. The same optimisation as the
# programs', so that deinitializers of generic types of another module are seen in both.
failed=0
for mode in debug release; do
  case $mode in debug) scratch=$root/.build ;; *) scratch=$work/package ;; esac
  ${SWIFT:-swift} build --package-path "$root" --scratch-path "$scratch" -c $mode >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
  }
  modules=$scratch/$mode
  optimise=-Onone
  [ $mode = debug ] || optimise=-O
  compile() { # compile FILE OUTPUT
    ${SWIFTC:-swiftc} -swift-version 6 -strict-memory-safety -warnings-as-errors $optimise -parse-as-library \
      -module-name Program -I "$modules/Modules" -Xcc -I"$root/include" -Xcc -I"$root/Sources/CSlabPort/include" \
      "$1" -o "$2" "$modules"/SlabMalloc.build/*.o "$modules"/CSlabPort.build/*.o
  }
  for file in "$here"/refused/*.swift; do
    expected=$(sed -n '1s,^// refused: ,,p' "$file")
    [ -n "$expected" ] || { echo "$file: its first line does not say how it is refused"; exit 1; }
    if compile "$file" "$work/program" >"$work/errors" 2>&1; then
      echo "$mode: $(basename "$file") compiles"
      failed=1
    elif ! grep 'error: ' "$work/errors" | grep -qF -- "$expected"; then
      echo "$mode: $(basename "$file") is refused for another reason:"
      grep 'error: ' "$work/errors" || cat "$work/errors"
      failed=1
    fi
  done
  for file in "$here"/accepted/*.swift; do
    name=$(basename "$file" .swift)
    compile "$file" "$work/$name" >"$work/errors" 2>&1 || {
      echo "$mode: $name.swift does not compile:"
      cat "$work/errors"
      failed=1
      continue
    }
    "$work/$name" >"$work/$name.out" 2>&1 || { echo "$mode: $name fails"; cat "$work/$name.out"; failed=1; }
    if [ -f "$here/accepted/$name.txt" ]; then
      diff "$here/accepted/$name.txt" "$work/$name.out" || { echo "$mode: $name prints something else"; failed=1; }
    fi
  done
done
[ $failed -eq 0 ] || exit 1
echo "$(ls "$here"/refused | wc -l) escapes are refused, $(ls "$here"/accepted/*.swift | wc -l) programs are accepted"
