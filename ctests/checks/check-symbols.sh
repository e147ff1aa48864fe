#!/bin/sh
# check-symbols.sh BUILD_DIR: what the libraries export and need.
set -e
build=$1
nm="${SWIFT_BIN}llvm-nm"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The functions as the compiler sees them: build/api.txt, which the version script is made from, is only grepped.
"$CLANG" -fsyntax-only -fno-color-diagnostics -Xclang -ast-dump include/slabmalloc.h |
  sed -n "s/.*FunctionDecl [^']* \(slm_[a-z0-9_]*\) '.*/\1/p" | sort -u >"$scratch/header"
[ -s "$scratch/header" ] || { echo "no function found in the header"; exit 1; }

same() {
  diff -u --label "$1" --label "$2" "$3" "$4"
}
same 'header' 'api.txt' "$scratch/header" "$build/api.txt"

# The version node itself is listed as an absolute symbol.
"$nm" -D --defined-only -j "$build/libslabmalloc.so.0" | grep -vx 'SLABMALLOC_0' | sort >"$scratch/shared"
sed 's/$/@@SLABMALLOC_0/' "$scratch/header" >"$scratch/versioned"
same 'header' 'libslabmalloc.so.0' "$scratch/versioned" "$scratch/shared"

"$nm" --defined-only --extern-only -j "$build/libslabmalloc.a" 2>/dev/null | grep -v -e ':$' -e '^$' |
  sort >"$scratch/static"
same 'header' 'libslabmalloc.a' "$scratch/header" "$scratch/static"

# The other libraries have the names of the C library.
names=Sources/SlabMalloc/API/Libc/names.txt
sed 's/ .*//' $names Sources/SlabMalloc/API/Libc/operators.txt Sources/SlabMalloc/API/Libc/exits.txt |
  sort >"$scratch/names"
"$nm" -D --defined-only -j "$build/libslabmalloc-preload.so" | sort >"$scratch/preload"
same 'names.txt, operators.txt and exits.txt' 'libslabmalloc-preload.so' "$scratch/names" "$scratch/preload"

# Weak, so that a program may have operators of its own.
"$nm" --defined-only --extern-only -P "$build/libslabmalloc-new.o" |
  awk '$2 == "W" && /^_Z/ { print $1 }' | sort >"$scratch/new"
sed 's/ .*//' Sources/SlabMalloc/API/Libc/operators.txt | sort >"$scratch/operators"
same 'operators.txt' 'libslabmalloc-new.o' "$scratch/operators" "$scratch/new"

# Valgrind and profilers do not see a function without a size. nm leaves the size out where it is 0.
for library in libslabmalloc.so.0 libslabmalloc-preload.so libslabmalloc.a libslabmalloc-malloc.o; do
  dynamic=
  case $library in *.so*) dynamic=-D ;; esac
  "$nm" $dynamic --defined-only --extern-only -P "$build/$library" | grep -v '^SLABMALLOC_0 ' |
    awk 'NF > 1 && ($2 != "T" || $4 == "" || $4 ~ /^0*$/)' >"$scratch/sizeless"
  [ ! -s "$scratch/sizeless" ] || { echo "$library: no functions with a size:"; cat "$scratch/sizeless"; exit 1; }
done

needed=$("${SWIFT_BIN}llvm-objdump" -p "$build/libslabmalloc.so.0" | sed -n 's/^ *NEEDED *//p')
[ "$needed" = libc.so.6 ] || { echo "libslabmalloc.so.0 needs: $needed"; exit 1; }

# An allocator that calls another one isn't one. Embedded Swift's runtime would, if it were linked in. Nor is a call of
# the compiler's run-time library, as gcc's for atomic operations on arm64, one of the C library.
if { "$nm" -D -u -j "$build/libslabmalloc.so.0"; "$nm" -u -j "$build/libslabmalloc.a"; } |
  grep -E '^(malloc|calloc|realloc|free|posix_memalign|aligned_alloc|swift_.*|__aarch64_.*)(@|$)'; then
  echo "the library must not use these"
  exit 1
fi
echo "=> $(wc -l <"$scratch/header") functions exported"
