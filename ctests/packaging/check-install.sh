#!/bin/sh
# check-install.sh BUILD_DIR MAKE: builds and runs programs against an installed slabmalloc, then uninstalls it.
set -e
build=$1
make=$2
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Somebody else's files, which uninstall must leave alone, in a path with a space.
root="$scratch/a prefix"
mkdir -p "$root/lib/pkgconfig" "$root/lib/cmake" "$root/include" "$root/bin" "$root/share/man/man1" \
  "$root/share/bash-completion/completions"
touch "$root/bin/other" "$root/lib/other.so" "$root/lib/pkgconfig/other.pc" "$root/include/module.modulemap"
listing() { (cd "$1" && find . | sort); }
listing "$root" >"$scratch/before"

# Root, who installs, may have neither Swift nor its variables: nothing is built again. A folder of PATH that has
# Swift's programs is replaced by one without them.
bare_path=
count=0
old_ifs=$IFS
IFS=:
for folder in $PATH; do
  if [ -e "$folder/swiftc" ] || [ -e "$folder/clang" ]; then
    count=$((count + 1))
    mkdir -p "$scratch/path-$count"
    for program in "$folder"/*; do
      case ${program##*/} in
        swift* | clang* | cc | gcc | ld.lld | lld* | llvm-*) ;;
        *) ln -s "$program" "$scratch/path-$count/" ;;
      esac
    done
    folder=$scratch/path-$count
  fi
  bare_path=${bare_path:+$bare_path:}$folder
done
IFS=$old_ifs
! PATH=$bare_path command -v "$(basename "$SWIFTC")" || { echo "this is no PATH without Swift"; exit 1; }
built() { find "$build" -type f ! -path "$build/check/*" ! -path "$build/packages/*" \
  ! -path "$build/fuzz/*" -printf '%p %T@\n' | sort; }
built >"$scratch/built"
env -i PATH="$bare_path" "$make" -s --no-print-directory install PREFIX="$root"
built | diff -u --label before --label 'after install without Swift' "$scratch/built" -

# pkg-config, in a prefix that needs no quoting.
mv "$root" "$scratch/prefix"
root=$scratch/prefix
export PKG_CONFIG_PATH="$root/lib/pkgconfig"
found=$(pkg-config --modversion slabmalloc)
[ "$found" = "$VERSION" ] || { echo "slabmalloc.pc says version $found, the header $VERSION"; exit 1; }
"$CC" -std=c11 $(pkg-config --cflags slabmalloc) -o "$scratch/consumer" "$here/consumer.c" \
  $(pkg-config --libs slabmalloc)
LD_LIBRARY_PATH="$root/lib" "$scratch/consumer"

# CMake: the shared and the static target; a version that isn't there is refused.
CC="$CC" cmake -S "$here" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$root" >"$scratch/cmake.log" 2>&1 &&
  cmake --build "$scratch/cmake" >>"$scratch/cmake.log" 2>&1 || { cat "$scratch/cmake.log"; exit 1; }
"$scratch/cmake/consumer_shared"
"$scratch/cmake/consumer_static"
mkdir "$scratch/newer"
sed 's/find_package(slabmalloc [0-9.]*/find_package(slabmalloc 99.0/' "$here/CMakeLists.txt" \
  >"$scratch/newer/CMakeLists.txt"
cp "$here/consumer.c" "$scratch/newer/"
if CC="$CC" cmake -S "$scratch/newer" -B "$scratch/newer/b" -DCMAKE_PREFIX_PATH="$root" >"$scratch/cmake.log" 2>&1; then
  echo "CMake found slabmalloc 99.0"
  exit 1
fi
grep -q 'compatible with requested version "99.0"' "$scratch/cmake.log" || { cat "$scratch/cmake.log"; exit 1; }

# Swift: the module map links the library.
"$SWIFTC" -swift-version 6 -warnings-as-errors -I "$root/include/slabmalloc" -L "$root/lib" \
  -o "$scratch/consumer-swift" \
  "$here/consumer.swift"
LD_LIBRARY_PATH="$root/lib" "$scratch/consumer-swift"

# The replay tool, with the malloc and the zones that were installed with it.
printf 't0 #1 = malloc 100\nt0 free #1\n' >"$scratch/text"
replay=$root/bin/slabmalloc-replay
"$replay" from-text "$scratch/text" "$scratch/trace"
"$replay" run --lib "$root/lib/libslabmalloc-preload.so" "$scratch/trace" | grep -q "malloc of $root/lib/"
"$replay" run --zone "$scratch/trace" | grep -q '2 operations'

# Uninstall leaves what was there before.
mv "$root" "$scratch/a prefix"
root="$scratch/a prefix"
$make -s --no-print-directory uninstall PREFIX="$root"
listing "$root" | diff -u --label before --label "after uninstall" "$scratch/before" -

# The archives for kernels come and go likewise. A program for each links with what is there, and nothing else.
$make -s --no-print-directory install-freestanding PREFIX="$root" >/dev/null
linked=0
for folder in "$root"/lib/slabmalloc/*; do
  triple=$(basename "$folder")
  # A folder is named for a triple, and after it for what distinguishes two archives of one triple.
  case $triple in
    *-lp64d) flags='-target riscv64-none-none-eabi -march=rv64gc -mabi=lp64d' ;;
    *-rv32imc) flags='-target riscv32-none-none-eabi -march=rv32imc -mabi=ilp32' ;;
    *) flags="-target $triple" ;;
  esac
  for source in ctests/freestanding/core.c ctests/freestanding/machine.c Sources/CSlabPort/Runtime.c; do
    # The flags are a list of words.
    # shellcheck disable=SC2086
    "$CLANG" $flags -std=gnu11 -ffreestanding -nostdlibinc -fno-builtin -I "$root/include" \
      -I "$here/../../Sources/CSlabPort/include" -c \
      -o "$scratch/$(basename "$source" .c).o" "$source"
  done
  "${SWIFT_BIN}ld.lld" -static --gc-sections -o "$scratch/bare" "$scratch"/core.o "$scratch"/machine.o \
    "$scratch"/Runtime.o \
    -L "$folder" -lslabmalloc
  case $triple in "$(uname -m)"-*) "$scratch/bare" ;; esac
  linked=$((linked + 1))
done
[ "$(find "$root/lib/slabmalloc" -name '*.a' | wc -l)" = $((linked * 3)) ] ||
  { echo "not three archives for each machine"; exit 1; }
echo "=> programs for $linked kinds of machines link with the installed archives"
$make -s --no-print-directory uninstall PREFIX="$root"
listing "$root" | diff -u --label before --label "after uninstall" "$scratch/before" -

# Staged: the same files below DESTDIR, none of which names the staging folder.
$make -s --no-print-directory install DESTDIR="$scratch/stage" PREFIX=/usr
listing "$scratch/stage/usr"
if grep -r -l "$scratch" "$scratch/stage"; then
  echo "these name the staging folder"
  exit 1
fi
$make -s --no-print-directory uninstall DESTDIR="$scratch/stage" PREFIX=/usr
left=$(find "$scratch/stage" ! -type d)
[ -z "$left" ] || { echo "uninstall left: $left"; exit 1; }
