#!/bin/sh
# check-musl.sh BUILD_DIR PACKAGE...: programs that are linked with musl run on the libraries that were built with
# glibc: on the preload library, the shared one, the archive and the override object. The packages have musl and its
# compiler. Where they are not there and can't be installed, this is skipped.
set -e
build=$(readlink -f "$1")
here=$(dirname "$0")
shift
command -v musl-gcc >/dev/null || "$here/../checks/ensure-packages.sh" "$@" || true
if ! command -v musl-gcc >/dev/null; then
  echo "=> skipped, as there is no musl-gcc: programs on musl"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

# compile PROGRAM FLAG...
compile() {
  program=$scratch/$1
  shift
  musl-gcc -std=gnu11 -Wall -Wextra -Werror -O1 -fno-builtin -I include -o "$program" "$@"
}

# works WHAT COMMAND...: in both profiles it exits with 0.
works() {
  what=$1
  shift
  for profile in checked hardened; do
    status=0
    SLABMALLOC_PROFILE=$profile timeout 300 "$@" >"$scratch/output" 2>&1 || status=$?
    if [ "$status" != 0 ]; then
      cat "$scratch/output"
      echo "error: on musl, $what, $profile: exit status $status"
      exit 1
    fi
    count=$((count + 1))
  done
}

# A double free that is reported, and handlers of fork that allocate while threads do.
for source in override override_fork; do
  compile plain -DBY_CONSTRUCTOR "$here/$source.c"
  works "$source.c preloaded" env LD_PRELOAD="$build/libslabmalloc-preload.so" "$scratch/plain"
  for kind in -pie -static; do
    compile linked -DBY_CONSTRUCTOR $kind "$here/$source.c" "$build/libslabmalloc-malloc.o"
    works "$source.c with the override object, $kind" "$scratch/linked"
  done
done
# Without the library the first of these programs fails.
compile plain "$here/override.c"
! "$scratch/plain" 2>/dev/null || { echo "error: musl's own malloc passes for this one"; exit 1; }

for source in consumer library_fork; do
  compile shared -Wno-use-after-free "$here/$source.c" -L "$build" -lslabmalloc -Wl,-rpath,"$build"
  works "$source.c with the shared library" "$scratch/shared"
  for kind in -pie -static; do
    compile archive -Wno-use-after-free $kind "$here/$source.c" "$build/libslabmalloc.a"
    works "$source.c with the archive, $kind" "$scratch/archive"
  done
done

# The one thing that musl's loader refuses: to open the shared library while a program runs.
cat >"$scratch/open.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
  void *library = dlopen(arguments[count - 1], RTLD_NOW);
  puts(library != NULL ? "opened" : dlerror());
  return library != NULL;
}
END
compile open "$scratch/open.c"
works 'dlopen, which is refused' "$scratch/open" "$build/libslabmalloc.so.0"
grep -q 'initial-exec TLS' "$scratch/output" || { cat "$scratch/output"; exit 1; }
echo "=> $count programs run on musl"
