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
  "$root/share/man/man3" "$root/share/man/man7" \
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

# pkg-config: the archive, and the override object.
"$CC" -std=c11 $(pkg-config --cflags slabmalloc-static) -o "$scratch/consumer" "$here/consumer.c" \
  $(pkg-config --libs slabmalloc-static)
"$scratch/consumer"
"$CC" -std=gnu11 -O1 -fno-builtin -o "$scratch/override" "$here/override.c" $(pkg-config --libs slabmalloc-malloc) \
  -lpthread
"$scratch/override"

# CMake: a program for each target; a version and a component that aren't there are refused.
find_by_cmake() {
  rm -rf "$scratch/cmake"
  CC="$CC" cmake -S "$here" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$root" "$@" >"$scratch/cmake.log" 2>&1
}
refused_by_cmake() {
  message=$1
  shift
  ! find_by_cmake "$@" || { echo "CMake finds slabmalloc with $*"; exit 1; }
  tr -s ' \n' '  ' <"$scratch/cmake.log" | grep -qF "$message" || { cat "$scratch/cmake.log"; exit 1; }
}
refused_by_cmake 'compatible with requested version "99.0"' -DFIND_VERSION=99.0
refused_by_cmake 'slabmalloc has no component debug: shared, static' -DCOMPONENTS=debug
refused_by_cmake "freestanding is not installed: $root/lib/slabmalloc/riscv64-none-none-eabi/libslabmalloc.a" \
  -DCOMPONENTS='shared;freestanding' -DSLABMALLOC_TRIPLE=riscv64-none-none-eabi
for components in '' 'shared;static;preload;malloc'; do
  find_by_cmake -DCOMPONENTS="$components" && cmake --build "$scratch/cmake" >>"$scratch/cmake.log" 2>&1 ||
    { cat "$scratch/cmake.log"; exit 1; }
  "$here/check-programs.sh" "$scratch/cmake"
done

# Meson, by pkg-config.
mkdir "$scratch/meson"
cp "$here/meson/meson.build" "$here/consumer.c" "$here/override.c" "$here/../examples/stars.cpp" "$scratch/meson/"
{ CC=gcc CXX=g++ meson setup "$scratch/meson/out" "$scratch/meson" && LD_LIBRARY_PATH="$root/lib" \
  meson test -C "$scratch/meson/out"; } >"$scratch/meson.log" 2>&1 || { cat "$scratch/meson.log"; exit 1; }

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

# Libraries in another folder than lib, below the prefix and elsewhere: the files lead there, and uninstall does too.
root=$scratch/other
mkdir "$root"
for libdir in "$root/lib/multi/arch" "$scratch/elsewhere/lib"; do
  $make -s --no-print-directory install PREFIX="$root" LIBDIR="$libdir" >/dev/null
  [ ! -e "$root/lib/libslabmalloc.a" ]
  PKG_CONFIG_PATH="$libdir/pkgconfig" pkg-config --cflags --libs slabmalloc-static |
    xargs "$CC" -std=c11 -o "$scratch/consumer" "$here/consumer.c"
  "$scratch/consumer"
  find_by_cmake -Dslabmalloc_DIR="$libdir/cmake/slabmalloc" &&
    cmake --build "$scratch/cmake" >>"$scratch/cmake.log" 2>&1 || { cat "$scratch/cmake.log"; exit 1; }
  "$here/check-programs.sh" "$scratch/cmake"
  $make -s --no-print-directory uninstall PREFIX="$root" LIBDIR="$libdir"
  left=$(find "$root" "$libdir" ! -type d)
  [ -z "$left" ] || { echo "uninstall left: $left"; exit 1; }
done
# The tool finds the preload library in Debian's folder.
$make -s --no-print-directory install PREFIX="$root" LIBDIR="$root/lib/$(uname -m)-linux-gnu" >/dev/null
"$root/bin/slabmalloc" run --stats table -- "$scratch/consumer" 2>&1 | grep -q '^slabmalloc: consumer \['
root="$scratch/a prefix"

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
  case $triple in
    "$(uname -m)"-*)
      "$scratch/bare"
      # pkg-config knows it by its folder's name.
      PKG_CONFIG_PATH="$root/lib/pkgconfig" pkg-config --libs "slabmalloc-$triple" |
        xargs "${SWIFT_BIN}ld.lld" -static --gc-sections -o "$scratch/bare" "$scratch"/core.o "$scratch"/machine.o \
          "$scratch"/Runtime.o
      "$scratch/bare"
      ;;
  esac
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
