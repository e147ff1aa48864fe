#!/bin/sh
# check-compiler-help.sh [INCLUDE]: gcc warns of misuse of the functions of slabmalloc.h, at compile time, as it does of
# malloc's: each warning is looked for in a small bad program. A program that is right gets none, from gcc and from
# clang.
set -eu
include=${1:-include}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
analyze="gcc -std=c11 -O2 -Wall -fanalyzer -fdiagnostics-color=never -I $include -c -o /dev/null"
found=0

# family NAME PARAMETER ALLOCATION DEALLOCATION: what the programs below consist of. The object has 40 bytes, the
# pointer is p.
family() {
  name=$1
  parameter=$2
  new=$3
  delete=$4
}
program() { # BODY
  {
    printf '#include <slabmalloc.h>\n#include <stdlib.h>\n#include <string.h>\nvoid use(void *object);\n'
    printf 'int program(%s);\nint program(%s) {\n%s\n}\n' "$parameter" "$parameter" "$1"
  } >"$scratch/program.c"
}
warns() { # WHAT WARNING BODY
  program "$3"
  $analyze "$scratch/program.c" 2>"$scratch/warnings"
  if ! grep -q -E "\[-W($2)=?\]" "$scratch/warnings"; then
    echo "$name: no warning of $1 ($2):"
    cat "$scratch/program.c" "$scratch/warnings"
    exit 1
  fi
  found=$((found + 1))
}

all_warnings() {
  if [ "$name" != cache ]; then # whose functions don't say the size
    warns 'an overflow' 'array-bounds|stringop-overflow' \
      "char *p = $new; if (p == NULL) return 0; memset(p, 1, 41); use(p); $delete; return 0;"
  fi
  if [ "$name" != malloc ]; then # of which glibc says so in other conditions
    warns 'a result that is ignored' 'unused-result' "$new; return 0;"
    warns 'another deallocator' 'mismatched-dealloc|analyzer-mismatching-deallocation' \
      "void *p = $new; free(p); return 0;"
  fi
  warns 'a use after free' analyzer-use-after-free \
    "int *p = $new; if (p == NULL) return 0; *p = 1; $delete; return *p;"
  warns 'a double free' analyzer-double-free "void *p = $new; use(p); $delete; $delete; return 0;"

  program "int *p = $new; if (p == NULL) return 0; memset(p, 1, 40); int value = *p; $delete; return value;"
  $analyze -Werror "$scratch/program.c"
  "$CLANG" -std=c11 -O2 -Wall -Wextra -Werror -I "$include" -c -o /dev/null "$scratch/program.c"
}
family malloc void 'malloc(40)' 'free(p)'
all_warnings
family slm_malloc void 'slm_malloc(40)' 'slm_free(p)'
all_warnings
family slm_calloc void 'slm_calloc(4, 10)' 'slm_free(p)'
all_warnings
family slm_aligned_alloc void 'slm_aligned_alloc(64, 40)' 'slm_free(p)'
all_warnings
family heap 'slm_heap *heap' 'slm_heap_allocate(heap, 40)' 'slm_heap_deallocate(heap, p)'
all_warnings
family zone 'slm_zone *zone' 'slm_zone_allocate(zone, 40)' 'slm_zone_deallocate(zone, p)'
all_warnings
family 'aligned zone' 'slm_zone *zone' 'slm_zone_allocate_aligned(zone, 64, 40)' 'slm_zone_deallocate(zone, p)'
all_warnings
family cache 'slm_cache *cache' 'slm_cache_allocate(cache)' 'slm_cache_deallocate(cache, p)'
all_warnings

# The result of realloc. A deallocation's status may be ignored.
family slm_realloc 'void *p' '' ''
warns 'a result that is ignored' unused-result 'slm_realloc(p, 10); return 0;'
family 'a deallocation' 'slm_zone *zone, void *p' '' ''
program 'slm_zone_deallocate(zone, p); return 0;'
$analyze -Werror "$scratch/program.c"
echo "=> gcc gives $found warnings of misuse"
