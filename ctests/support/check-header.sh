#!/bin/sh
# check-header.sh: the public header compiles without a warning wherever it may be used.
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Twice included; its macros are used, as they are only checked where they expand.
cat >"$scratch/use.c" <<'END'
#include "slabmalloc.h"
#include "slabmalloc.h"
slm_zone_storage zone_storage;
slm_sc_storage sc_storage;
slm_safe_zone_storage safe_zone_storage;
size_t use(void);
size_t use(void) {
  slm_options options = SLM_OPTIONS(slm_mmap_provider());
  return sizeof zone_storage + sizeof sc_storage + sizeof safe_zone_storage + SLM_MAX_SIZE + SLM_LARGE_PAGE_SIZE +
         SLM_VERSION + options.struct_size;
}
END
cp "$scratch/use.c" "$scratch/use.cpp"
cat >"$scratch/use.swift" <<'END'
import CSlabmalloc
public func use() -> Int {
  var options = slm_options()
  options.struct_size = UInt32(MemoryLayout<slm_options>.size)
  options.provider = slm_mmap_provider()
  return Int(SLM_ZONE_STORAGE_SIZE + SLM_SC_STORAGE_SIZE + SLM_OK + SLM_ERR_DOUBLE_FREE) + SLM_MAX_SIZE
    + SLM_LARGE_PAGE_SIZE + Int(options.struct_size)
}
END

warnings='-Wall -Wextra -Wpedantic -Werror -I include -c -o /dev/null'
for compiler in gcc "$CLANG"; do
  "$compiler" -std=c11 $warnings "$scratch/use.c"
done
for compiler in g++ "$CLANG++"; do
  "$compiler" -std=c++17 $warnings "$scratch/use.cpp"
done
"$SWIFTC" -swift-version 6 -warnings-as-errors -parse-as-library -I include -c -o "$scratch/use.o" "$scratch/use.swift"
"$SWIFTC" -swift-version 6 -warnings-as-errors -parse-as-library -I include -c -o "$scratch/use.o" -wmo \
  -enable-experimental-feature Embedded "$scratch/use.swift"
