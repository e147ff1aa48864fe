#ifndef SLABMALLOC_H
#define SLABMALLOC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define SLM_VERSION_MAJOR 0
#define SLM_VERSION_MINOR 2
#define SLM_VERSION_PATCH 0
#define SLM_VERSION ((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)
#if defined(__cplusplus)
#define SLM_ALIGNAS(n) alignas(n)
extern "C" {
#else
#define SLM_ALIGNAS(n) _Alignas(n)
#endif
#if defined(__clang__)
#define SLM_NULLABLE _Nullable
#define SLM_NONNULL _Nonnull
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#else
#define SLM_NULLABLE
#define SLM_NONNULL
#endif
#if defined(SLM_SMALL)
#define SLM_MAX_SIZE ((size_t)2048)
#else
#define SLM_MAX_SIZE ((size_t)139264)
#endif
#define SLM_LARGE_PAGE_SIZE ((size_t)2097152)
typedef int32_t slm_status;
#define SLM_OK 0
#define SLM_ERR_OUT_OF_MEMORY (-1)
#define SLM_ERR_INVALID_LAYOUT (-2)
#define SLM_ERR_INVALID_ARGUMENT (-3)
#define SLM_ERR_NOT_INITIALIZED (-4)
#define SLM_ERR_BAD_PAGE (-5)
#define SLM_ERR_WRONG_PAGE_SIZE (-6)
#define SLM_ERR_PAGE_OWNED (-7)
#define SLM_ERR_FOREIGN_POINTER (-8)
#define SLM_ERR_INTERIOR_POINTER (-9)
#define SLM_ERR_DOUBLE_FREE (-10)
#define SLM_ERR_LAYOUT_MISMATCH (-11)
#define SLM_ERR_REENTRANT (-12)
#define SLM_ERR_NO_PROVIDER (-13)
#define SLM_ERR_CANNOT_RESIZE (-14)
#define SLM_ERR_OVERFLOW (-15)
#define SLM_ERR_WRITE_AFTER_FREE (-16)
const char *SLM_NONNULL slm_status_name(slm_status status);
uint32_t slm_version(void);
typedef struct slm_page_provider {
  uint32_t struct_size;
  uint32_t page_size;
  void *SLM_NULLABLE context;
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_page)(void *SLM_NULLABLE context, size_t page_size);
  void (*SLM_NULLABLE release_page)(void *SLM_NULLABLE context, void *SLM_NONNULL page, size_t page_size);
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
slm_region *SLM_NULLABLE slm_region_init(void *SLM_NULLABLE buffer, size_t size, size_t page_size);
slm_status slm_region_add(slm_region *SLM_NONNULL region, void *SLM_NULLABLE start, size_t size);
slm_page_provider slm_region_provider(slm_region *SLM_NONNULL region);
slm_status slm_region_statistics(slm_region *SLM_NONNULL region, slm_provider_statistics *SLM_NULLABLE out);
size_t slm_region_available(slm_region *SLM_NONNULL region, size_t page_size);
typedef struct slm_region_fragmentation {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t free_bytes;
  uint64_t largest_free_run;
  uint64_t large_pages_free;
} slm_region_fragmentation;
slm_status slm_region_fragmentation_get(slm_region *SLM_NONNULL region, slm_region_fragmentation *SLM_NULLABLE out);
typedef struct slm_options {
  uint32_t struct_size;
  uint32_t page_size;
  uint64_t flags;
  slm_page_provider provider;
} slm_options;
#if defined(__cplusplus)
#define SLM_OPTIONS(provider) (slm_options{(uint32_t)sizeof(slm_options), 0, 0, (provider)})
#else
#define SLM_OPTIONS(provider) ((slm_options){(uint32_t)sizeof(slm_options), 0, 0, (provider)})
#endif
#define SLM_FAST ((uint64_t)1)
#define SLM_HARDENED ((uint64_t)2)
#define SLM_ZEROED ((uint32_t)1)
#define SLM_NOWAIT ((uint32_t)2)
typedef struct slm_reclaimed {
  size_t base_pages;
  size_t large_pages;
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
} slm_statistics;
typedef struct slm_class_statistics {
  uint32_t struct_size;
  uint32_t slot_size;
  uint64_t page_size;
  uint64_t slots_per_page;
  uint64_t pages;
  uint64_t empty_pages;
  uint64_t slots_live;
} slm_class_statistics;
typedef struct slm_zone slm_zone;
#if defined(SLM_SMALL)
#define SLM_ZONE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 2048 : 1408)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_ZONE_STORAGE_SIZE 12288
#else
#define SLM_ZONE_STORAGE_SIZE 7168
#endif
typedef struct slm_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE];
} slm_zone_storage;
size_t slm_zone_storage_size(void);
slm_zone *SLM_NULLABLE slm_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                     const slm_options *SLM_NULLABLE options);
slm_status slm_zone_destroy(slm_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);
size_t slm_zone_page_size(const slm_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_zone_refill(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                           size_t page_size);
void *SLM_NULLABLE slm_zone_allocate(slm_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_zone_allocate_zeroed(slm_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_zone_allocate_aligned(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_zone_allocate_with(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out);
size_t slm_zone_allocate_batch(slm_zone *SLM_NONNULL zone, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out);
slm_status slm_zone_deallocate(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);
slm_status slm_zone_deallocate_sized(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_zone_deallocate_aligned_sized(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t alignment,
                                             size_t size);
slm_status slm_zone_deallocate_batch(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE const *SLM_NONNULL pointers,
                                     size_t count, size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_zone_reallocate(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
void *SLM_NULLABLE slm_zone_reallocate_aligned(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size);
slm_status slm_zone_resize(slm_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);
size_t slm_zone_usable_size(const slm_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);
size_t slm_zone_good_size(const slm_zone *SLM_NONNULL zone, size_t size);
bool slm_zone_owns(const slm_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);
slm_status slm_zone_reserve(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);
slm_status slm_zone_reclaim(slm_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                            slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_zone_reclaim_page(slm_zone *SLM_NONNULL zone, size_t page_size);
slm_status slm_zone_statistics(const slm_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);
slm_status slm_zone_class_statistics(const slm_zone *SLM_NONNULL zone, size_t index,
                                     slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_sc slm_sc;
#if defined(SLM_SMALL)
#define SLM_SC_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 576 : 384)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_SC_STORAGE_SIZE 2048
#else
#define SLM_SC_STORAGE_SIZE 1024
#endif
typedef struct slm_sc_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_SC_STORAGE_SIZE];
} slm_sc_storage;
size_t slm_sc_storage_size(void);
slm_sc *SLM_NULLABLE slm_sc_init(void *SLM_NULLABLE storage, size_t storage_size, size_t alignment, size_t size,
                                 const slm_options *SLM_NULLABLE options);
slm_status slm_sc_destroy(slm_sc *SLM_NONNULL sc, size_t *SLM_NULLABLE live);
size_t slm_sc_slot_size(const slm_sc *SLM_NONNULL sc);
size_t slm_sc_page_size(const slm_sc *SLM_NONNULL sc);
slm_status slm_sc_refill(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE page, size_t page_size);
void *SLM_NULLABLE slm_sc_allocate(slm_sc *SLM_NONNULL sc);
void *SLM_NULLABLE slm_sc_allocate_zeroed(slm_sc *SLM_NONNULL sc);
slm_status slm_sc_allocate_with(slm_sc *SLM_NONNULL sc, uint32_t flags, void *SLM_NULLABLE *SLM_NONNULL out);
size_t slm_sc_allocate_batch(slm_sc *SLM_NONNULL sc, size_t count, void *SLM_NULLABLE *SLM_NONNULL out);
slm_status slm_sc_deallocate(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE pointer);
slm_status slm_sc_deallocate_aligned_sized(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE pointer, size_t alignment,
                                           size_t size);
slm_status slm_sc_deallocate_batch(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                   size_t *SLM_NULLABLE done);
size_t slm_sc_usable_size(const slm_sc *SLM_NONNULL sc, const void *SLM_NULLABLE pointer);
bool slm_sc_owns(const slm_sc *SLM_NONNULL sc, const void *SLM_NULLABLE address);
slm_status slm_sc_reserve(slm_sc *SLM_NONNULL sc, size_t count);
slm_status slm_sc_reclaim(slm_sc *SLM_NONNULL sc, size_t max_base_pages, size_t max_large_pages,
                          slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_sc_reclaim_page(slm_sc *SLM_NONNULL sc, size_t page_size);
slm_status slm_sc_statistics(const slm_sc *SLM_NONNULL sc, slm_statistics *SLM_NULLABLE out);
slm_status slm_sc_class_statistics(const slm_sc *SLM_NONNULL sc, slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_safe_zone slm_safe_zone;
#define SLM_SAFE_ZONE_STORAGE_SIZE (SLM_ZONE_STORAGE_SIZE + 64)
typedef struct slm_safe_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_SAFE_ZONE_STORAGE_SIZE];
} slm_safe_zone_storage;
size_t slm_safe_zone_storage_size(void);
slm_safe_zone *SLM_NULLABLE slm_safe_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                               const slm_options *SLM_NULLABLE options);
slm_status slm_safe_zone_destroy(slm_safe_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);
size_t slm_safe_zone_page_size(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_safe_zone_refill(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                                size_t page_size);
void *SLM_NULLABLE slm_safe_zone_allocate(slm_safe_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_safe_zone_allocate_zeroed(slm_safe_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_safe_zone_allocate_aligned(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_safe_zone_allocate_with(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                       void *SLM_NULLABLE *SLM_NONNULL out);
size_t slm_safe_zone_allocate_batch(slm_safe_zone *SLM_NONNULL zone, size_t size, size_t count,
                                    void *SLM_NULLABLE *SLM_NONNULL out);
slm_status slm_safe_zone_deallocate(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);
slm_status slm_safe_zone_deallocate_sized(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_safe_zone_deallocate_aligned_sized(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                  size_t alignment, size_t size);
slm_status slm_safe_zone_deallocate_batch(slm_safe_zone *SLM_NONNULL zone,
                                          void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                          size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_safe_zone_reallocate(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
void *SLM_NULLABLE slm_safe_zone_reallocate_aligned(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                    size_t alignment, size_t size);
slm_status slm_safe_zone_resize(slm_safe_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);
size_t slm_safe_zone_usable_size(slm_safe_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);
size_t slm_safe_zone_good_size(slm_safe_zone *SLM_NONNULL zone, size_t size);
bool slm_safe_zone_owns(slm_safe_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);
slm_status slm_safe_zone_reserve(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);
slm_status slm_safe_zone_reclaim(slm_safe_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                                 slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_safe_zone_reclaim_page(slm_safe_zone *SLM_NONNULL zone, size_t page_size);
slm_status slm_safe_zone_statistics(slm_safe_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);
slm_status slm_safe_zone_class_statistics(slm_safe_zone *SLM_NONNULL zone, size_t index,
                                          slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_smp_zone slm_smp_zone;
#define SLM_SMP_ZONE_STORAGE_SIZE(cpu_count) (512 + ((cpu_count) + 1) * SLM_SAFE_ZONE_STORAGE_SIZE)
size_t slm_smp_zone_storage_size(size_t cpu_count);
slm_smp_zone *SLM_NULLABLE slm_smp_zone_init(void *SLM_NULLABLE storage, size_t storage_size, size_t cpu_count,
                                             const slm_options *SLM_NULLABLE options);
slm_status slm_smp_zone_destroy(slm_smp_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);
size_t slm_smp_zone_page_size(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_smp_zone_refill(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                               size_t page_size);
void *SLM_NULLABLE slm_smp_zone_allocate(slm_smp_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_smp_zone_allocate_zeroed(slm_smp_zone *SLM_NONNULL zone, size_t size);
void *SLM_NULLABLE slm_smp_zone_allocate_aligned(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size);
slm_status slm_smp_zone_allocate_with(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                      void *SLM_NULLABLE *SLM_NONNULL out);
size_t slm_smp_zone_allocate_batch(slm_smp_zone *SLM_NONNULL zone, size_t size, size_t count,
                                   void *SLM_NULLABLE *SLM_NONNULL out);
slm_status slm_smp_zone_deallocate(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);
slm_status slm_smp_zone_deallocate_sized(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
slm_status slm_smp_zone_deallocate_aligned_sized(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                 size_t alignment, size_t size);
slm_status slm_smp_zone_deallocate_batch(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE const *SLM_NONNULL pointers,
                                         size_t count, size_t *SLM_NULLABLE done);
void *SLM_NULLABLE slm_smp_zone_reallocate(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
void *SLM_NULLABLE slm_smp_zone_reallocate_aligned(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                   size_t alignment, size_t size);
slm_status slm_smp_zone_resize(slm_smp_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);
size_t slm_smp_zone_usable_size(slm_smp_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);
size_t slm_smp_zone_good_size(slm_smp_zone *SLM_NONNULL zone, size_t size);
bool slm_smp_zone_owns(slm_smp_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);
slm_status slm_smp_zone_reserve(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);
slm_status slm_smp_zone_reclaim(slm_smp_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                                slm_reclaimed *SLM_NULLABLE out);
void *SLM_NULLABLE slm_smp_zone_reclaim_page(slm_smp_zone *SLM_NONNULL zone, size_t page_size);
slm_status slm_smp_zone_statistics(slm_smp_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);
slm_status slm_smp_zone_class_statistics(slm_smp_zone *SLM_NONNULL zone, size_t index,
                                         slm_class_statistics *SLM_NULLABLE out);
void *SLM_NULLABLE slm_malloc(size_t size);
void *SLM_NULLABLE slm_calloc(size_t count, size_t size);
void *SLM_NULLABLE slm_realloc(void *SLM_NULLABLE pointer, size_t size);
void slm_free(void *SLM_NULLABLE pointer);
void slm_free_sized(void *SLM_NULLABLE pointer, size_t size);
void slm_free_aligned_sized(void *SLM_NULLABLE pointer, size_t alignment, size_t size);
void *SLM_NULLABLE slm_aligned_alloc(size_t alignment, size_t size);
size_t slm_usable_size(const void *SLM_NULLABLE pointer);
size_t slm_good_size(size_t size);
typedef struct slm_heap slm_heap;
slm_heap *SLM_NULLABLE slm_heap_create(void);
slm_status slm_heap_destroy(slm_heap *SLM_NONNULL heap, size_t *SLM_NULLABLE live);
void *SLM_NULLABLE slm_heap_allocate(slm_heap *SLM_NONNULL heap, size_t size);
void *SLM_NULLABLE slm_heap_allocate_zeroed(slm_heap *SLM_NONNULL heap, size_t size);
void *SLM_NULLABLE slm_heap_allocate_aligned(slm_heap *SLM_NONNULL heap, size_t alignment, size_t size);
slm_status slm_heap_free(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer);
typedef struct slm_process_options {
  uint32_t struct_size;
  uint32_t purge_delay;
  uint64_t retain;
} slm_process_options;
slm_status slm_process_options_get(slm_process_options *SLM_NULLABLE out);
slm_status slm_process_options_set(const slm_process_options *SLM_NULLABLE options);
size_t slm_purge(void);
typedef struct slm_process_statistics {
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
} slm_process_statistics;
slm_status slm_process_statistics_get(slm_process_statistics *SLM_NULLABLE out);
slm_status slm_process_class_statistics(size_t index, slm_class_statistics *SLM_NULLABLE out);
typedef struct slm_misuse {
  uint32_t struct_size;
  slm_status kind;
  void *SLM_NULLABLE pointer;
  uint64_t slot_size;
} slm_misuse;
typedef void (*slm_misuse_handler)(void *SLM_NULLABLE context, const slm_misuse *SLM_NONNULL misuse);
void slm_set_misuse_handler(slm_misuse_handler SLM_NULLABLE handler, void *SLM_NULLABLE context);
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
#if defined(__cplusplus)
}
#endif
#endif
