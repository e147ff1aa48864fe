#!/bin/sh
# check-abi.sh BUILD_DIR HEADER: programs built for the baseline run on this library.
set -eu
build=$1
header=$2
dir=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# 1. The symbols of the library itself, and the types of its header.
compare() {
  "$dir/compare.sh" "$1" >"$scratch/report" && return
  cat "$scratch/report"
  echo "FAIL  programs that were built for the baseline can't live with that, see $dir/README.md"
  exit 1
}
compare "$build/$SONAME"
"$dir/shadow.sh" "$header" "$scratch/shadow.so"
compare "$scratch/shadow.so"

# 2. A program that was built with the baseline's header runs, and what it doesn't know of isn't written.
"$build/abi/old_program"

# 3. This check can fail: each of these is a break of its own kind.
planted=0
plant() { # WANTED_STATUS NAME SED_SCRIPT
  sed -z -E "$3" "$header" >"$scratch/$2.h"
  ! cmp -s "$header" "$scratch/$2.h" || { echo "$2: there is nothing like it in the header any more"; exit 1; }
  "$dir/shadow.sh" "$scratch/$2.h" "$scratch/$2.so"
  found "$1" "$2" "$scratch/$2.so"
}
found() { # WANTED_STATUS NAME LIBRARY
  status=0
  "$dir/compare.sh" "$3" >"$scratch/report" || status=$?
  [ "$status" -eq "$1" ] || { echo "planted: $2: compare.sh says $status, not $1"; cat "$scratch/report"; exit 1; }
  planted=$((planted + 1))
}
breaks() { plant 1 "$@"; }
fine() { plant 0 "$@"; }
breaks function_gone 's/slm_status slm_zone_resize\([^;]*;//'
breaks result_narrower 's/size_t slm_usable_size\(/uint32_t slm_usable_size(/'
breaks parameter_narrower 's/slm_aligned_alloc\(size_t alignment/slm_aligned_alloc(uint32_t alignment/'
breaks parameter_more 's/(void slm_free\(void \*SLM_NULLABLE pointer)\)/\1, int how)/'
breaks handler_other 's/(\(\*SLM_NULLABLE function\)\()/\1int how, /'
breaks field_gone 's/uint64_t table_pages;//'
breaks field_before 's/(typedef struct slm_process_usage \{)/\1 uint64_t before;/'
breaks provider_grows 's/(\} slm_page_provider;)/void *more; \1/'
breaks status_renumbered 's/(SLM_ERR_DOUBLE_FREE), -10/\1, -20/'
breaks storage_smaller 's/(SLM_ZONE_STORAGE_SIZE) 12288/\1 4096/'
breaks storage_less_aligned 's/SLM_ALIGNAS\(64\)/SLM_ALIGNAS(16)/'
fine function_new 's/(void slm_free\()/void slm_new(void);\n\1/'
fine status_new 's/(  X\(SLM_ERR_CANNOT_RESIZE)/  X(SLM_ERR_NEW, -99, "new") \\\n\1/'
fine field_behind 's/(uint64_t heaps;)/\1 uint64_t behind;/'
fine option_behind 's/(slm_page_provider provider;)/\1 uint64_t behind;/'
fine reclaimed_behind 's/(\} slm_reclaimed;)/uint64_t behind; \1/'

# And in the library itself.
link() { # OUT SONAME FUNCTION_LEFT_OUT
  sed "/ $3;/d" "$build/exports.map" >"$scratch/exports.map"
  "$CLANG" -fuse-ld=lld -shared -nostdlib -o "$1" "$build"/obj/*.o -lc -Wl,-soname,"$2" \
    -Wl,--version-script="$scratch/exports.map" -Wl,--gc-sections
}
link "$scratch/same.so" "$SONAME" none
found 0 same_library "$scratch/same.so"
link "$scratch/less.so" "$SONAME" slm_cache_owns
found 1 function_not_exported "$scratch/less.so"
link "$scratch/soname.so" libslabmalloc.so.1 none
found 1 another_soname "$scratch/soname.so"
echo "=> the ABI is the baseline's; $planted planted changes were judged rightly"
