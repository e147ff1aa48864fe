#ifndef SLABMALLOC_H
#define SLABMALLOC_H
#if defined(__cplusplus)
#if __cplusplus < 201103L && !defined(_MSVC_LANG)
#error "slabmalloc.h needs C++11 or newer"
#endif
#elif !defined(__TINYC__) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L)
#error "slabmalloc.h needs C11 or newer"
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__cplusplus)
#define SLM_ALIGNAS(n) alignas(n)
extern "C" {
#else
#define SLM_ALIGNAS(n) _Alignas(n)
#endif
#if defined(__clang__)
#define SLM_NULLABLE _Nullable
#define SLM_NONNULL _Nonnull
#pragma clang assume_nonnull begin
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wc23-extensions"
#else
#define SLM_NULLABLE
#define SLM_NONNULL
#endif
#if defined(__GNUC__) && !defined(__TINYC__)
#define SLM_NODISCARD __attribute__((warn_unused_result))
#define SLM_ALLOC_SIZE(...) __attribute__((alloc_size(__VA_ARGS__)))
#define SLM_ALLOC_ALIGN(n) __attribute__((alloc_align(n)))
#else
#define SLM_NODISCARD
#define SLM_ALLOC_SIZE(...)
#define SLM_ALLOC_ALIGN(n)
#endif
#if defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__) && __GNUC__ >= 11
#define SLM_MALLOC(deallocator, n) __attribute__((warn_unused_result, malloc, malloc(deallocator, n)))
#define SLM_CONSTRUCTED(deallocator, n) __attribute__((warn_unused_result, malloc(deallocator, n)))
#elif defined(__GNUC__) && !defined(__TINYC__)
#define SLM_MALLOC(deallocator, n) __attribute__((warn_unused_result, malloc))
#define SLM_CONSTRUCTED(deallocator, n) __attribute__((warn_unused_result))
#else
#define SLM_MALLOC(deallocator, n)
#define SLM_CONSTRUCTED(deallocator, n)
#endif
#define SLM_VERSION_MAJOR 0
#define SLM_VERSION_MINOR 3
#define SLM_VERSION_PATCH 0
#define SLM_VERSION ((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)
uint32_t slm_version(void);
#define SLM_STATUSES(X)                                                                                                \
  X(SLM_OK, 0, "success")                                                                                              \
  X(SLM_ERR_OUT_OF_MEMORY, -1, "no slot is free and no page is available: refill, or try again later")                 \
  X(SLM_ERR_INVALID_LAYOUT, -2, "the size is too large, or the alignment is not a power of two or too large")          \
  X(SLM_ERR_INVALID_ARGUMENT, -3, "a NULL, flag, value or struct_size that is not allowed")                            \
  X(SLM_ERR_NOT_INITIALIZED, -4, "the zone, cache or heap was not made, or was destroyed")                             \
  X(SLM_ERR_BAD_PAGE, -5, "the page is NULL, misaligned, or wraps around the end of the address space")                \
  X(SLM_ERR_WRONG_PAGE_SIZE, -6, "the page does not have the size that the layout needs")                              \
  X(SLM_ERR_PAGE_OWNED, -7, "the page, or a part of it, already belongs to this or to another allocator")              \
  X(SLM_ERR_FOREIGN_POINTER, -8, "the pointer is not into memory that this allocator owns")                            \
  X(SLM_ERR_INTERIOR_POINTER, -9, "the pointer is not to the start of an object of this allocator")                    \
  X(SLM_ERR_DOUBLE_FREE, -10, "the object was already deallocated")                                                    \
  X(SLM_ERR_LAYOUT_MISMATCH, -11, "the object was allocated with another size or alignment")                           \
  X(SLM_ERR_REENTRANT, -12, "a page provider, shrinker or constructor called back and needed another page")            \
  X(SLM_ERR_NO_PROVIDER, -13, "pages are left and there is no provider to take them back")                             \
  X(SLM_ERR_CANNOT_RESIZE, -14, "the object cannot have the new size where it is")                                     \
  X(SLM_ERR_OVERFLOW, -15, "memory past the end of an object or page was written (profile hardened)")                  \
  X(SLM_ERR_WRITE_AFTER_FREE, -16, "memory was written while it was free (profile hardened)")                          \
  X(SLM_ERR_LIMIT, -17, "the hard limit of the zone or cache forbids another page")                                    \
  X(SLM_ERR_CONSTRUCTOR_FAILED, -18, "the constructor of the cache refused an object")                                 \
  X(SLM_ERR_IN_USE, -19, "it is registered already, or pages are held that the call needs gone")
#define SLM_STATUS_VALUE(name, value, meaning) name = value,
#if defined(__cplusplus) || defined(__clang__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
typedef enum slm_status : int32_t { SLM_STATUSES(SLM_STATUS_VALUE) } slm_status;
#else
typedef int32_t slm_status;
enum { SLM_STATUSES(SLM_STATUS_VALUE) };
#endif
#undef SLM_STATUS_VALUE
const char *slm_status_name(slm_status status);
void slm_free(void *SLM_NULLABLE pointer);
void slm_free_sized(void *SLM_NULLABLE pointer, size_t size);
void slm_free_aligned_sized(void *SLM_NULLABLE pointer, size_t alignment, size_t size);
void *SLM_NULLABLE slm_malloc(size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(1);
void *SLM_NULLABLE slm_calloc(size_t count, size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(1, 2);
void *SLM_NULLABLE slm_aligned_alloc(size_t alignment, size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(2)
    SLM_ALLOC_ALIGN(1);
void *SLM_NULLABLE slm_realloc(void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(2);
size_t slm_usable_size(const void *SLM_NULLABLE pointer);
size_t slm_good_size(size_t size);
typedef struct slm_options slm_options;
typedef struct slm_heap slm_heap;
slm_heap *SLM_NULLABLE slm_heap_create(const slm_options *SLM_NULLABLE options,
                                       slm_status *SLM_NULLABLE why) SLM_NODISCARD;
slm_status slm_heap_destroy(slm_heap *heap, size_t *SLM_NULLABLE live);
slm_status slm_heap_deallocate(slm_heap *heap, void *SLM_NULLABLE pointer);
slm_status slm_heap_deallocate_sized(slm_heap *heap, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_heap_deallocate_aligned_sized(slm_heap *heap, void *SLM_NULLABLE pointer, size_t alignment, size_t size);
slm_status slm_heap_deallocate_batch(slm_heap *heap, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                     size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_heap_allocate(slm_heap *heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2) SLM_ALLOC_SIZE(2);
void *SLM_NULLABLE slm_heap_allocate_zeroed(slm_heap *heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2)
    SLM_ALLOC_SIZE(2);
void *SLM_NULLABLE slm_heap_allocate_aligned(slm_heap *heap, size_t alignment, size_t size)
    SLM_MALLOC(slm_heap_deallocate, 2) SLM_ALLOC_SIZE(3) SLM_ALLOC_ALIGN(2);
slm_status slm_heap_allocate_with(slm_heap *heap, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
size_t slm_heap_allocate_batch(slm_heap *heap, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
void *SLM_NULLABLE slm_heap_reallocate(slm_heap *heap, void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD
    SLM_ALLOC_SIZE(3);
void *SLM_NULLABLE slm_heap_reallocate_aligned(slm_heap *heap, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(4) SLM_ALLOC_ALIGN(3);
slm_status slm_heap_resize(slm_heap *heap, void *pointer, size_t size) SLM_NODISCARD;
size_t slm_heap_usable_size(const slm_heap *heap, const void *SLM_NULLABLE pointer);
size_t slm_heap_good_size(const slm_heap *heap, size_t size);
bool slm_heap_owns(const slm_heap *heap, const void *SLM_NULLABLE address);
typedef struct slm_heap_usage {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t objects_live;
  uint64_t bytes_live;
  uint64_t bytes_slabs;
  uint64_t bytes_large;
  uint64_t large_live;
} slm_heap_usage;
slm_status slm_heap_statistics(slm_heap *heap, slm_heap_usage *SLM_NULLABLE out);
typedef struct slm_process_options {
  uint32_t struct_size;
  uint32_t purge_delay;
  uint64_t
      retain;
} slm_process_options;
slm_status slm_process_configure(const slm_process_options *SLM_NULLABLE options,
                                 slm_process_options *SLM_NULLABLE former);
size_t slm_process_purge(void);
typedef struct slm_process_usage {
  uint32_t struct_size;
  uint32_t class_count;
  uint64_t bytes_taken;
  uint64_t bytes_given_back;
  uint64_t bytes_slabs;
  uint64_t bytes_large;
  uint64_t bytes_metadata;
  uint64_t bytes_retained;
  uint64_t bytes_clean;
  uint64_t bytes_peak;
  uint64_t bytes_purged;
  uint64_t large_live;
  uint64_t heaps;
} slm_process_usage;
typedef struct slm_class_statistics slm_class_statistics;
slm_status slm_process_statistics(slm_process_usage *SLM_NULLABLE out);
slm_status slm_process_class_statistics(size_t index, slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_misuse {
  uint32_t struct_size;
  slm_status kind;
  void *SLM_NULLABLE pointer;
  uint64_t slot_size;
} slm_misuse;
typedef struct slm_misuse_handler {
  void (*SLM_NULLABLE function)(void *SLM_NULLABLE context, const slm_misuse *misuse);
  void *SLM_NULLABLE context;
} slm_misuse_handler;
slm_misuse_handler slm_process_set_misuse_handler(slm_misuse_handler handler);
typedef struct slm_page_provider {
  uint32_t struct_size;
  uint32_t page_size;
  void *SLM_NULLABLE context;
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_page)(void *SLM_NULLABLE context, size_t page_size);
  void (*SLM_NULLABLE release_page)(void *SLM_NULLABLE context, void *page, size_t page_size);
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_run)(void *SLM_NULLABLE context, size_t size, size_t alignment);
  void (*SLM_NULLABLE release_run)(void *SLM_NULLABLE context, void *run, size_t size);
} slm_page_provider;
typedef struct slm_provider_statistics {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t base_pages_taken;
  uint64_t base_pages_given_back;
  uint64_t large_pages_taken;
  uint64_t large_pages_given_back;
} slm_provider_statistics;
slm_page_provider slm_mmap_provider(void);
slm_status slm_mmap_statistics(slm_provider_statistics *SLM_NULLABLE out);
typedef struct slm_region slm_region;
slm_region *SLM_NULLABLE slm_region_init(void *SLM_NULLABLE buffer, size_t size, size_t page_size,
                                         slm_status *SLM_NULLABLE why) SLM_NODISCARD;
slm_status slm_region_add(slm_region *region, void *SLM_NULLABLE start, size_t size) SLM_NODISCARD;
slm_page_provider slm_region_provider(slm_region *region);
slm_status slm_region_statistics(const slm_region *region, slm_provider_statistics *SLM_NULLABLE out);
size_t slm_region_available(const slm_region *region, size_t page_size);
typedef struct slm_fragmentation {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t free_bytes;
  uint64_t largest_free_run;
  uint64_t large_pages_free;
} slm_fragmentation;
slm_status slm_region_fragmentation(slm_region *region, slm_fragmentation *SLM_NULLABLE out);
#if defined(SLM_SMALL)
#define SLM_MAX_SIZE ((size_t)2048)
#else
#define SLM_MAX_SIZE ((size_t)139264)
#endif
#define SLM_LARGE_PAGE_SIZE ((size_t)2097152)
#define SLM_ONE_THREAD ((uint32_t)0)
#define SLM_ANY_THREAD ((uint32_t)1)
#define SLM_PER_CPU ((uint32_t)2)
#define SLM_FAST ((uint64_t)1)
#define SLM_HARDENED ((uint64_t)2)
struct slm_options {
  uint32_t struct_size;
  uint32_t page_size;
  uint64_t flags;
  uint32_t threads;
  uint32_t cpu_count;
  const char *SLM_NULLABLE name;
  uint64_t soft_limit;
  uint64_t hard_limit;
  slm_page_provider provider;
};
#define SLM_NO_PROVIDER                                                                                                \
  { 0, 0, NULL, NULL, NULL, NULL, NULL }
#define SLM_DEFAULT_OPTIONS                                                                                            \
  { (uint32_t)sizeof(slm_options), 0, 0, SLM_ONE_THREAD, 0, NULL, 0, 0, SLM_NO_PROVIDER }
#if defined(__cplusplus)
}
struct slm_options_argument {
  slm_options options;
  explicit slm_options_argument(slm_page_provider provider) : options SLM_DEFAULT_OPTIONS {
    options.provider = provider;
  }
};
extern "C" {
#define SLM_OPTIONS(page_provider) (&static_cast<const slm_options &>(slm_options_argument(page_provider).options))
#else
#define SLM_OPTIONS(page_provider)                                                                                     \
  (&(slm_options){(uint32_t)sizeof(slm_options), 0, 0, SLM_ONE_THREAD, 0, NULL, 0, 0, (page_provider)})
#endif
#define SLM_ZEROED ((uint32_t)1)
#define SLM_NOWAIT ((uint32_t)2)
typedef struct slm_reclaimed {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t base_pages;
  uint64_t large_pages;
} slm_reclaimed;
typedef struct slm_statistics {
  uint32_t struct_size;
  uint32_t class_count;
  uint64_t base_pages_taken;
  uint64_t base_pages_given_back;
  uint64_t large_pages_taken;
  uint64_t large_pages_given_back;
  uint64_t table_pages;
  uint64_t slots_live;
  uint64_t bytes_live;
  uint64_t slots_retired;
  uint64_t pages_lent;
  uint64_t bytes_held;
  uint64_t bytes_peak;
  uint64_t soft_limit;
  uint64_t hard_limit;
} slm_statistics;
struct slm_class_statistics {
  uint32_t struct_size;
  uint32_t slot_size;
  uint64_t page_size;
  uint64_t slots_per_page;
  uint64_t pages;
  uint64_t empty_pages;
  uint64_t slots_live;
};
typedef struct slm_zone slm_zone;
#if defined(SLM_SMALL)
#define SLM_ZONE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 2048 : 1408)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_ZONE_STORAGE_SIZE 12288
#else
#define SLM_ZONE_STORAGE_SIZE 7168
#endif
#define SLM_ZONE_CPU_STORAGE_SIZE (SLM_ZONE_STORAGE_SIZE + 64)
typedef struct slm_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE];
} slm_zone_storage;
size_t slm_zone_storage_size(const slm_options *SLM_NULLABLE options);
slm_zone *SLM_NULLABLE slm_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                     const slm_options *SLM_NULLABLE options,
                                     slm_status *SLM_NULLABLE why) SLM_NODISCARD;
slm_status slm_zone_destroy(slm_zone *zone, size_t *SLM_NULLABLE live);
size_t slm_zone_page_size(const slm_zone *zone, size_t alignment, size_t size);
slm_status slm_zone_refill(slm_zone *zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                           size_t page_size) SLM_NODISCARD;
slm_status slm_zone_deallocate(slm_zone *zone, void *SLM_NULLABLE pointer);
slm_status slm_zone_deallocate_sized(slm_zone *zone, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_zone_deallocate_aligned_sized(slm_zone *zone, void *SLM_NULLABLE pointer, size_t alignment, size_t size);
slm_status slm_zone_deallocate_batch(slm_zone *zone, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                     size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_zone_allocate(slm_zone *zone, size_t size) SLM_MALLOC(slm_zone_deallocate, 2) SLM_ALLOC_SIZE(2);
void *SLM_NULLABLE slm_zone_allocate_zeroed(slm_zone *zone, size_t size) SLM_MALLOC(slm_zone_deallocate, 2)
    SLM_ALLOC_SIZE(2);
void *SLM_NULLABLE slm_zone_allocate_aligned(slm_zone *zone, size_t alignment, size_t size)
    SLM_MALLOC(slm_zone_deallocate, 2) SLM_ALLOC_SIZE(3) SLM_ALLOC_ALIGN(2);
slm_status slm_zone_allocate_with(slm_zone *zone, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
size_t slm_zone_allocate_batch(slm_zone *zone, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
void *SLM_NULLABLE slm_zone_reallocate(slm_zone *zone, void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD
    SLM_ALLOC_SIZE(3);
void *SLM_NULLABLE slm_zone_reallocate_aligned(slm_zone *zone, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(4) SLM_ALLOC_ALIGN(3);
slm_status slm_zone_resize(slm_zone *zone, void *pointer, size_t size) SLM_NODISCARD;
size_t slm_zone_usable_size(const slm_zone *zone, const void *SLM_NULLABLE pointer);
size_t slm_zone_good_size(const slm_zone *zone, size_t size);
bool slm_zone_owns(const slm_zone *zone, const void *SLM_NULLABLE address);
slm_status slm_zone_reserve(slm_zone *zone, size_t alignment, size_t size, size_t count) SLM_NODISCARD;
slm_status slm_zone_reclaim(slm_zone *zone, size_t max_base_pages, size_t max_large_pages,
                            slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_zone_reclaim_page(slm_zone *zone, size_t page_size) SLM_NODISCARD;
slm_status slm_zone_statistics(const slm_zone *zone, slm_statistics *SLM_NULLABLE out);
slm_status slm_zone_class_statistics(const slm_zone *zone, size_t index, slm_class_statistics *SLM_NULLABLE out);
slm_page_provider slm_zone_provider(slm_zone *zone);
typedef struct slm_cache slm_cache;
#if defined(SLM_SMALL)
#define SLM_CACHE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 576 : 384)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_CACHE_STORAGE_SIZE 2048
#else
#define SLM_CACHE_STORAGE_SIZE 1024
#endif
#define SLM_CACHE_CPU_STORAGE_SIZE (SLM_CACHE_STORAGE_SIZE + 64)
typedef struct slm_cache_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_CACHE_STORAGE_SIZE];
} slm_cache_storage;
size_t slm_cache_storage_size(const slm_options *SLM_NULLABLE options);
slm_cache *SLM_NULLABLE slm_cache_init(void *SLM_NULLABLE storage, size_t storage_size, size_t alignment, size_t size,
                                       const slm_options *SLM_NULLABLE options,
                                       slm_status *SLM_NULLABLE why) SLM_NODISCARD;
slm_status slm_cache_destroy(slm_cache *cache, size_t *SLM_NULLABLE live);
size_t slm_cache_slot_size(const slm_cache *cache);
size_t slm_cache_page_size(const slm_cache *cache);
slm_status slm_cache_refill(slm_cache *cache, void *SLM_NULLABLE page, size_t page_size) SLM_NODISCARD;
slm_status slm_cache_deallocate(slm_cache *cache, void *SLM_NULLABLE pointer);
slm_status slm_cache_deallocate_sized(slm_cache *cache, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_cache_deallocate_aligned_sized(slm_cache *cache, void *SLM_NULLABLE pointer, size_t alignment,
                                              size_t size);
slm_status slm_cache_deallocate_batch(slm_cache *cache, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                      size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_cache_allocate(slm_cache *cache) SLM_CONSTRUCTED(slm_cache_deallocate, 2);
void *SLM_NULLABLE slm_cache_allocate_zeroed(slm_cache *cache) SLM_MALLOC(slm_cache_deallocate, 2);
slm_status slm_cache_allocate_with(slm_cache *cache, uint32_t flags, void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
size_t slm_cache_allocate_batch(slm_cache *cache, size_t count, void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
size_t slm_cache_usable_size(const slm_cache *cache, const void *SLM_NULLABLE pointer);
bool slm_cache_owns(const slm_cache *cache, const void *SLM_NULLABLE address);
slm_status slm_cache_reserve(slm_cache *cache, size_t count) SLM_NODISCARD;
slm_status slm_cache_reclaim(slm_cache *cache, size_t max_base_pages, size_t max_large_pages,
                             slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_cache_reclaim_page(slm_cache *cache, size_t page_size) SLM_NODISCARD;
slm_status slm_cache_statistics(const slm_cache *cache, slm_statistics *SLM_NULLABLE out);
slm_status slm_cache_class_statistics(const slm_cache *cache, slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_constructor {
  uint32_t struct_size;
  uint32_t reserved;
  void *SLM_NULLABLE context;
  slm_status (*SLM_NULLABLE construct)(void *SLM_NULLABLE context, void *object, size_t size);
  void (*SLM_NULLABLE destroy)(void *SLM_NULLABLE context, void *object, size_t size);
} slm_constructor;
slm_status slm_cache_set_constructor(slm_cache *cache, const slm_constructor *SLM_NULLABLE constructor);
slm_status slm_zone_set_limits(slm_zone *zone, uint64_t soft_limit, uint64_t hard_limit);
slm_status slm_cache_set_limits(slm_cache *cache, uint64_t soft_limit, uint64_t hard_limit);
typedef void (*slm_soft_limit_handler)(void *SLM_NULLABLE context, size_t bytes);
slm_status slm_zone_set_soft_limit_handler(slm_zone *zone, slm_soft_limit_handler SLM_NULLABLE handler,
                                           void *SLM_NULLABLE context);
slm_status slm_cache_set_soft_limit_handler(slm_cache *cache, slm_soft_limit_handler SLM_NULLABLE handler,
                                            void *SLM_NULLABLE context);
typedef struct slm_shrinker slm_shrinker;
struct slm_shrinker {
  uint32_t struct_size;
  uint32_t reserved;
  void *SLM_NULLABLE context;
  bool (*SLM_NULLABLE shrink)(void *SLM_NULLABLE context, size_t bytes);
  slm_shrinker *SLM_NULLABLE next;
  void *SLM_NULLABLE owner;
  uintptr_t number;
};
slm_status slm_zone_add_shrinker(slm_zone *zone, slm_shrinker *SLM_NULLABLE shrinker);
slm_status slm_zone_remove_shrinker(slm_zone *zone, slm_shrinker *SLM_NULLABLE shrinker);
slm_status slm_cache_add_shrinker(slm_cache *cache, slm_shrinker *SLM_NULLABLE shrinker);
slm_status slm_cache_remove_shrinker(slm_cache *cache, slm_shrinker *SLM_NULLABLE shrinker);
typedef bool (*slm_object_visitor)(void *SLM_NULLABLE context, void *object, size_t size, size_t class_index);
slm_status slm_zone_for_each(slm_zone *zone, slm_object_visitor visitor, void *SLM_NULLABLE context);
slm_status slm_cache_for_each(slm_cache *cache, slm_object_visitor visitor, void *SLM_NULLABLE context);
slm_status slm_zone_destroy_with(slm_zone *zone, slm_object_visitor visitor, void *SLM_NULLABLE context,
                                 size_t *SLM_NULLABLE live);
slm_status slm_cache_destroy_with(slm_cache *cache, slm_object_visitor visitor, void *SLM_NULLABLE context,
                                  size_t *SLM_NULLABLE live);
typedef struct slm_registry_entry slm_registry_entry;
typedef struct slm_registry {
  slm_registry_entry *SLM_NULLABLE first;
  slm_registry_entry *SLM_NULLABLE last;
  void *SLM_NULLABLE walks;
} slm_registry;
struct slm_registry_entry {
  slm_registry_entry *SLM_NULLABLE next;
  slm_registry *SLM_NULLABLE registry;
  void *SLM_NULLABLE allocator;
};
slm_status slm_registry_add_zone(slm_registry *registry, slm_registry_entry *entry, slm_zone *zone);
slm_status slm_registry_add_cache(slm_registry *registry, slm_registry_entry *entry, slm_cache *cache);
slm_status slm_registry_remove(slm_registry *registry, slm_registry_entry *entry);
typedef struct slm_registry_row {
  uint32_t struct_size;
  uint32_t reserved;
  slm_zone *SLM_NULLABLE zone;
  slm_cache *SLM_NULLABLE cache;
  const char *SLM_NULLABLE name;
  uint64_t objects_live;
  uint64_t slots;
  uint64_t slabs;
  uint64_t bytes_live;
  uint64_t bytes_held;
  uint64_t bytes_peak;
} slm_registry_row;
typedef bool (*slm_registry_visitor)(void *SLM_NULLABLE context, const slm_registry_row *row);
slm_status slm_registry_for_each(slm_registry *registry, slm_registry_visitor visitor, void *SLM_NULLABLE context);
typedef void (*slm_text_writer)(void *SLM_NULLABLE context, const char *text, size_t length);
slm_status slm_registry_print(slm_registry *registry, slm_text_writer write, void *SLM_NULLABLE context);
#if defined(__cplusplus)
}
#endif
#if defined(__clang__)
#pragma clang diagnostic pop
#pragma clang assume_nonnull end
#endif
#endif
