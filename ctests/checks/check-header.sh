#!/bin/sh
# check-header.sh [INCLUDE]: the public headers compile without a warning wherever they may be used, in C11 and C++11
# and newer, and an older language gets a clear error. A status has 32 bits everywhere.
set -e
include=${1:-include}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Twice included; its macros are used, as they are only checked where they expand.
cat >"$scratch/use.c" <<'END'
#include "slabmalloc.h"
#include "slabmalloc.h"
#if !defined(__cplusplus) && !defined(__TINYC__)
_Static_assert(sizeof(slm_status) == 4, "a status has 32 bits");
#elif defined(__cplusplus)
static_assert(sizeof(slm_status) == 4, "a status has 32 bits");
#endif
static slm_zone_storage zone_storage;
static slm_cache_storage cache_storage;
size_t use(slm_zone **zone, slm_cache **cache, slm_heap **heap);
size_t use(slm_zone **zone, slm_cache **cache, slm_heap **heap) {
  slm_status why;
  slm_options options = SLM_DEFAULT_OPTIONS;
  slm_page_provider none = SLM_NO_PROVIDER;
  options.threads = SLM_PER_CPU;
  options.provider = none;
  *zone = slm_zone_init(&zone_storage, sizeof zone_storage, SLM_OPTIONS(slm_mmap_provider()), &why);
  *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 24, &options, NULL);
  *heap = slm_heap_create(NULL, &why);
  return SLM_MAX_SIZE + SLM_LARGE_PAGE_SIZE + SLM_VERSION + SLM_ZONE_CPU_STORAGE_SIZE + SLM_CACHE_CPU_STORAGE_SIZE +
         (why == SLM_ERR_DOUBLE_FREE ? SLM_ONE_THREAD : SLM_ANY_THREAD) + (size_t)(SLM_FAST | SLM_HARDENED) +
         SLM_ZEROED + SLM_NOWAIT;
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
  options.threads = SLM_ANY_THREAD
  options.provider = slm_mmap_provider()
  return Int(SLM_ZONE_STORAGE_SIZE + SLM_CACHE_STORAGE_SIZE) + Int(SLM_ERR_DOUBLE_FREE.rawValue) + SLM_MAX_SIZE
    + SLM_LARGE_PAGE_SIZE + Int(options.struct_size) + slm_zone_storage_size(&options)
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

warnings="-Wall -Wextra -Wpedantic -Werror -I $include -c -o /dev/null"
for file in use port; do
  for standard in c11 c17 c2x; do
    for compiler in gcc "$CLANG"; do
      "$compiler" -std=$standard $warnings "$scratch/$file.c"
    done
  done
  "$CLANG" -std=c11 -fshort-enums -target armv7em-none-none-eabi -ffreestanding $warnings "$scratch/$file.c"
  gcc -std=c11 -fshort-enums $warnings "$scratch/$file.c"
  tcc -Wall -Werror -I "$include" -c -o "$scratch/$file.o" "$scratch/$file.c"
  for standard in c++11 c++17 c++20; do
    for compiler in g++ "$CLANG++"; do
      "$compiler" -std=$standard $warnings "$scratch/$file.cpp"
    done
  done
  swift="$SWIFTC -swift-version 6 -warnings-as-errors -parse-as-library -I $include -c -o $scratch/$file.o"
  $swift "$scratch/$file.swift"
  $swift -wmo -enable-experimental-feature Embedded "$scratch/$file.swift"
done

# An older language: the first error says what is needed.
old() { # MESSAGE COMPILER...
  message=$1
  shift
  ! "$@" -I "$include" -fsyntax-only "$scratch/old.c" 2>"$scratch/errors" || { echo "$* takes the header"; exit 1; }
  grep -m 1 'error' "$scratch/errors" | grep -qF "$message" ||
    { echo "$*: not '$message'"; cat "$scratch/errors"; exit 1; }
}
echo '#include "slabmalloc.h"' >"$scratch/old.c"
for standard in c90 gnu89 c99 gnu99; do
  for compiler in gcc "$CLANG"; do
    old 'slabmalloc.h needs C11 or newer' "$compiler" -std=$standard
  done
done
for standard in c++98 c++03 gnu++03; do
  for compiler in g++ "$CLANG++"; do
    old 'slabmalloc.h needs C++11 or newer' "$compiler" -x c++ -std=$standard
  done
done
