#!/bin/sh
# check-cmake.sh ROOT: a project of CMake that has slabmalloc by FetchContent starts from nothing, with a copy of the
# sources. Its programs run. Built again it does nothing; after a change of the sources it is new; the copy has no
# other file than before.
set -e
root=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS || true

"$root/Sources/Packaging/copy-sources.sh" "$root" "$scratch/copy"
listing() { (cd "$scratch/copy" && find . -type f -printf '%p %T@\n' | sort); }
listing >"$scratch/before"
build() { cmake --build "$scratch/out" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }; }
# What a project sets for its own make is not for that of the library.
export TARGET=nonsense TARGETS=nonsense MACHINE=nonsense
cmake -G Ninja -S "$here/subproject" -B "$scratch/out" -DHOW=fetch -DSLABMALLOC="$scratch/copy" >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
build
"$here/check-programs.sh" "$scratch/out"
listing | diff -u --label before --label 'after the build' "$scratch/before" -

build
! grep -E 'LINK|SWIFT|Linking' "$scratch/log" || { echo 'what is built is built again'; exit 1; }

cat >"$scratch/unknown.c" <<'END_OF_PROGRAM'
#include <slabmalloc.h>
#include <stdio.h>
int main(void) { return puts(slm_status_name((slm_status)99)) < 0; }
END_OF_PROGRAM
sed -i 's/"SLM_ERR_UNKNOWN"/"SLM_ERR_RENAMED"/' "$scratch/copy/Sources/CSlabPort/StatusNames.c"
build
grep -q 'Linking C executable consumer_static' "$scratch/log" ||
  { cat "$scratch/log"; echo 'a changed library is not linked again'; exit 1; }
"$CC" -I "$scratch/copy/include" -o "$scratch/unknown" "$scratch/unknown.c" \
  "$(find "$scratch/out" -name libslabmalloc.a)"
[ "$("$scratch/unknown")" = SLM_ERR_RENAMED ] || { echo 'the library has not changed'; exit 1; }

# What cannot be built is refused when the project is configured.
refused() {
  message=$1
  shift
  rm -rf "$scratch/refused"
  ! cmake -S "$here/subproject" -B "$scratch/refused" -DHOW=add -DSLABMALLOC="$scratch/copy" "$@" \
    >"$scratch/log" 2>&1 || { echo "CMake takes $*"; exit 1; }
  tr -s ' \n' '  ' <"$scratch/log" | grep -qF "$message" || { cat "$scratch/log"; echo "not '$message'"; exit 1; }
}
refused 'Set SLABMALLOC_SWIFTC, or install slabmalloc' -DSLABMALLOC_SWIFTC=
refused 'has no archive for SLABMALLOC_TRIPLE=z80-none-elf, but for: x86_64-unknown-none-elf' \
  -DSLABMALLOC_TRIPLE=z80-none-elf
refused 'is not built for Linux on s390x' -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=s390x
cp -r "$scratch/copy/." "$scratch/a copy"
refused 'cannot be built in a path with a space' -DSLABMALLOC="$scratch/a copy"
echo '=> a project of CMake builds slabmalloc from nothing, and again when it changes'
