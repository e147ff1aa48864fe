#!/bin/sh
# check-header.sh: the public headers compile without a warning wherever it may be used.
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
# The hooks are defined, so that each is held against its declaration.
cat >"$scratch/port.c" <<'END'
#include "slabmalloc/port.h"
#include "slabmalloc/port.h"
uintptr_t slm_port_context(void) { return 0; }
uintptr_t slm_port_disable_interrupts(void) { return 0; }
void slm_port_restore_interrupts(uintptr_t state) { (void)state; }
void *slm_port_allocate_page(size_t page_size) { return (void)page_size, (void *)NULL; }
void slm_port_release_page(void *page, size_t page_size) { (void)page, (void)page_size; }
void slm_port_misuse(const slm_misuse *misuse) { (void)misuse; }
uint64_t slm_port_milliseconds(void) { return 0; }
slm_page_provider (*provider)(void) = slm_port_provider;
END
cp "$scratch/port.c" "$scratch/port.cpp"
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
cat >"$scratch/port.swift" <<'END'
import CSlabmalloc.Port
@_cdecl("slm_port_context") @implementation public func slm_port_context() -> UInt { 0 }
@_cdecl("slm_port_disable_interrupts") @implementation public func slm_port_disable_interrupts() -> UInt { 0 }
@_cdecl("slm_port_restore_interrupts") @implementation public func slm_port_restore_interrupts(_ state: UInt) {}
@_cdecl("slm_port_allocate_page") @implementation
public func slm_port_allocate_page(_ pageSize: Int) -> UnsafeMutableRawPointer? { nil }
@_cdecl("slm_port_release_page") @implementation
public func slm_port_release_page(_ page: UnsafeMutableRawPointer, _ pageSize: Int) {}
@_cdecl("slm_port_misuse") @implementation public func slm_port_misuse(_ misuse: UnsafePointer<slm_misuse>) {}
@_cdecl("slm_port_milliseconds") @implementation public func slm_port_milliseconds() -> UInt64 { 0 }
public func provider() -> slm_page_provider { slm_port_provider() }
END

warnings='-Wall -Wextra -Wpedantic -Werror -I include -c -o /dev/null'
for file in use port; do
  for compiler in gcc "$CLANG"; do
    "$compiler" -std=c11 $warnings "$scratch/$file.c"
  done
  tcc -Wall -Werror -I include -c -o "$scratch/$file.o" "$scratch/$file.c"
  for compiler in g++ "$CLANG++"; do
    "$compiler" -std=c++17 $warnings "$scratch/$file.cpp"
  done
  swift="$SWIFTC -swift-version 6 -warnings-as-errors -parse-as-library -I include -c -o $scratch/$file.o"
  $swift "$scratch/$file.swift"
  $swift -wmo -enable-experimental-feature Embedded "$scratch/$file.swift"
done
