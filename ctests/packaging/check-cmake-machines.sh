#!/bin/sh
# check-cmake-machines.sh ROOT: what check-cmake.sh leaves out, since it takes minutes. By generated makefiles, in
# parallel: a project with slabmalloc in a subfolder; slabmalloc itself, installed; one for arm64 Linux by a cross file;
# one for a bare machine.
set -e
root=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS || true
"$root/Sources/Packaging/copy-sources.sh" "$root" "$scratch/copy"

# project FOLDER BUILD_FOLDER OPTION...
project() {
  folder=$1 out=$scratch/$2
  shift 2
  { cmake -G 'Unix Makefiles' -S "$folder" -B "$out" -DSLABMALLOC="$scratch/copy" "$@" &&
    cmake --build "$out" -j 2; } >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  ! grep 'jobserver unavailable' "$scratch/log" || exit 1
}

project "$here/subproject" add -DHOW=add
"$here/check-programs.sh" "$scratch/add"

# Installed in another prefix than it was configured for, staged, and found there.
project "$scratch/copy" itself -DCMAKE_INSTALL_PREFIX=/nowhere -DCMAKE_INSTALL_LIBDIR=lib/here
DESTDIR=$scratch/stage cmake --install "$scratch/itself" --prefix /usr >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
[ ! -e /nowhere ] && [ -e "$scratch/stage/usr/lib/here/cmake/slabmalloc/slabmalloc-config.cmake" ]
project "$here" found -Dslabmalloc_DIR="$scratch/stage/usr/lib/here/cmake/slabmalloc"
"$here/check-programs.sh" "$scratch/found"
echo '=> CMake builds slabmalloc beside a project, and installs it'

if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64-static >/dev/null; then
  cat >"$scratch/arm64.cmake" <<'END_OF_FILE'
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
END_OF_FILE
  project "$here/subproject" arm64 -DHOW=add -DCMAKE_TOOLCHAIN_FILE="$scratch/arm64.cmake"
  EMULATOR=qemu-aarch64-static QEMU_LD_PREFIX=/usr/aarch64-linux-gnu "$here/check-programs.sh" "$scratch/arm64"
  readelf -h "$(cat "$scratch/arm64/preload")" | grep -q AArch64
  echo '=> CMake builds slabmalloc for arm64 Linux by a cross file'
else
  echo '=> skipped, as there is no cross compiler or no qemu-aarch64-static: arm64 Linux by a cross file'
fi

cat >"$scratch/bare.cmake" <<END_OF_FILE
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER $CLANG)
set(CMAKE_C_COMPILER_TARGET x86_64-unknown-none-elf)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_LINK_EXECUTABLE "${SWIFT_BIN}ld.lld -static --gc-sections -o <TARGET> <OBJECTS> <LINK_LIBRARIES>")
END_OF_FILE
project "$here/bare" bare -DHOW=add -DCMAKE_TOOLCHAIN_FILE="$scratch/bare.cmake"
"$scratch/bare/bare"
echo '=> CMake builds slabmalloc for a bare machine'
