#!/bin/sh
# check-cpp.sh BUILD_DIR: each header in C++ stands alone; an older language gets a clear error; misuse that no
# caller learns of ends the program with one line; without exceptions what would throw does too.
set -eu
build=$(readlink -f "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

headers='slabmalloc.hpp'
for header in include/slabmalloc/*.hpp; do headers="$headers slabmalloc/${header##*/}"; done
for header in $headers; do
  printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$scratch/alone.cpp"
  for compiler in g++ "$CLANG++"; do
    "$compiler" -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Werror -I include -fsyntax-only "$scratch/alone.cpp"
    ! "$compiler" -std=c++14 -I include -fsyntax-only "$scratch/alone.cpp" 2>"$scratch/errors" ||
      { echo "$compiler takes $header as C++14"; exit 1; }
    grep -m 1 'error' "$scratch/errors" | grep -qF 'slabmalloc.hpp needs C++17 or newer' ||
      { echo "$compiler, $header: the first error is another one"; cat "$scratch/errors"; exit 1; }
  done
done

# ends LINE: the program of standard input ends by abort(), and its only line on stderr matches.
ends() {
  cat >"$scratch/program.cpp"
  for compiler in g++ "$CLANG++"; do
    # The flags are a list of words.
    # shellcheck disable=SC2086
    "$compiler" -std=c++17 -Wall -Wextra -Wpedantic -Werror -O1 ${flags-} -I include -o "$scratch/program" \
      "$scratch/program.cpp" -L "$build" -lslabmalloc -Wl,-rpath,"$build"
    status=0
    # The inner shell opens the file, as the outer one writes a note of its own when a signal ends a program.
    sh -c 'exec "$1" 2>"$2"' - "$scratch/program" "$scratch/errors" 2>/dev/null || status=$?
    [ "$status" = 134 ] && grep -qx "$1" "$scratch/errors" && [ "$(wc -l <"$scratch/errors")" = 1 ] ||
      { echo "$compiler ${flags-}: exit status $status, not '$1', but:"; cat "$scratch/errors"; exit 1; }
  done
}

ends 'slabmalloc: SLM_ERR_DOUBLE_FREE at 0x[0-9a-f]*' <<'END_OF_PROGRAM'
#include <slabmalloc.hpp>
int main() {
  slabmalloc::zone zone;
  slabmalloc::zone_allocator<int> ints(zone);
  int *volatile numbers = ints.allocate(10);
  ints.deallocate(numbers, 10);
  ints.deallocate(numbers, 10);
}
END_OF_PROGRAM

flags=-fno-exceptions
ends 'slabmalloc: SLM_ERR_LIMIT' <<'END_OF_PROGRAM'
#include <slabmalloc.hpp>
int main() {
  slm_options options = slabmalloc::options_with(slm_mmap_provider());
  options.hard_limit = 65536;
  slabmalloc::zone zone(std::nothrow, options);
  if (!zone || zone.try_allocate(1 << 20) != nullptr || slabmalloc::make_in<int>(zone, 7) == nullptr) return 1;
  (void)zone.allocate(1 << 20);
}
END_OF_PROGRAM
ends 'slabmalloc: SLM_ERR_INVALID_LAYOUT' <<'END_OF_PROGRAM'
#include <slabmalloc.hpp>
int main() { slabmalloc::cache cache(24, 3); }
END_OF_PROGRAM
echo "=> $(echo "$headers" | wc -w) headers in C++ stand alone"
