#!/bin/sh
# check-override.sh BUILD_DIR: libslabmalloc-malloc.o makes slabmalloc the malloc of the program it is linked into, be
# that linked to the C library's shared object or to its archive. libslabmalloc-new.o gives a C++ program the operators.
set -e
build=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for kind in -pie -static; do
  "$CC" -std=gnu11 -Wall -Wextra -Werror -O1 -fno-builtin "$kind" -o "$scratch/program" "$here/override.c" \
    "$build/libslabmalloc-malloc.o" -lpthread
  status=0
  $EMULATOR "$scratch/program" || status=$?
  [ "$status" = 0 ] || { echo "error: with $kind the program says $status"; exit 1; }

  # An emulator may not get beyond a fork in a program whose threads run.
  [ -z "$EMULATOR" ] || continue
  # Handlers of fork that come first, and functions of the C library that the program replaces.
  "$CC" -std=gnu11 -Wall -Wextra -Werror -O1 -fno-builtin "$kind" -o "$scratch/program" "$here/override_fork.c" \
    "$build/libslabmalloc-malloc.o" -lpthread
  for profile in checked hardened; do
    status=0
    SLABMALLOC_PROFILE=$profile $EMULATOR "$scratch/program" || status=$?
    [ "$status" = 0 ] || { echo "error: with $kind, $profile, the program that forks says $status"; exit 1; }
  done

  # All of them, or but for two that the program has itself. gcc would rather see the form with a size beside them.
  for own in '' -DOWN_OPERATORS; do
    # shellcheck disable=SC2086
    "${CXX:-g++}" -std=c++17 -Wall -Wextra -Werror -Wno-unknown-warning-option -Wno-sized-deallocation -O1 \
      -fno-builtin "$kind" $own -o "$scratch/program" \
      "$here/override_new.cc" "$build/libslabmalloc-malloc.o" "$build/libslabmalloc-new.o" -lpthread
    for profile in checked hardened; do
      status=0
      SLABMALLOC_PROFILE=$profile "$scratch/program" || status=$?
      [ "$status" = 0 ] || { echo "error: with $kind $own, $profile, the C++ program says $status"; exit 1; }
    done
  done
done

# Its names are the C library's, and no others.
"${SWIFT_BIN}llvm-nm" --defined-only --extern-only -j "$build/libslabmalloc-malloc.o" | sort >"$scratch/has"
sed 's/ .*//' Sources/SlabMalloc/API/Libc/names.txt | sort >"$scratch/wanted"
diff "$scratch/wanted" "$scratch/has"
