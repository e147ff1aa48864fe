/**
 * @file slabmalloc.h
 * @brief slabmalloc: memory from slabs. A malloc, heaps, zones and caches for C, C++ and Swift.
 *
 * @section synopsis Synopsis
 * @code
 * int synopsis(void *page) { // a page frame of yours: 4096 bytes, aligned to 4096
 *   slm_free(slm_malloc(100)); // malloc by another name, for any thread
 *
 *   slm_status why;
 *   slm_heap *heap = slm_heap_create(NULL, &why); // a heap of your own, destroyed in one call
 *   if (heap == NULL) return puts(slm_status_name(why));
 *   if (slm_heap_allocate(heap, 40) == NULL) return 1;
 *   slm_heap_destroy(heap, NULL);
 *
 *   static slm_zone_storage pulling, pushed;
 *   slm_zone *zone = slm_zone_init(&pulling, sizeof pulling, SLM_OPTIONS(slm_mmap_provider()), &why); // pulls pages
 *   void *object = slm_zone_allocate(zone, 32);
 *   why = slm_zone_deallocate(zone, object); // SLM_OK; a second call returns SLM_ERR_DOUBLE_FREE
 *   slm_zone_destroy(zone, NULL);
 *
 *   zone = slm_zone_init(&pushed, sizeof pushed, NULL, &why); // a zone that gets its pages from you
 *   why = slm_zone_refill(zone, 1, 32, page, 4096); // serves objects like this one: alignment 1, 32 bytes
 *   slm_zone_deallocate(zone, slm_zone_allocate(zone, 32));
 *   if (slm_zone_reclaim_page(zone, 4096) != page) return 1; // yours again
 *
 *   static slm_cache_storage storage; // a cache: objects of one size, aligned to 8, 24 bytes
 *   slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 24, SLM_OPTIONS(slm_mmap_provider()), &why);
 *   slm_cache_deallocate(cache, slm_cache_allocate(cache));
 *   return slm_cache_destroy(cache, NULL) == SLM_OK ? 0 : 1;
 * }
 * @endcode
 *
 * @section families Which one
 * | functions     | objects                         | memory comes from               | threads                     |
 * |---------------|---------------------------------|---------------------------------|-----------------------------|
 * | `slm_malloc`  | any size                        | the operating system            | any                         |
 * | `slm_heap_*`  | any size, destroyed in one call | the operating system, or yours  | any                         |
 * | `slm_zone_*`  | any size                        | pages of yours or of a provider | as slm_options.threads says |
 * | `slm_cache_*` | of one size                     | pages of yours or of a provider | as slm_options.threads says |
 *
 * @section terms Terms
 * A *base page* has 4, 16 or 64 KiB, chosen per zone; a *large page* has 2 MiB. Pages are aligned to their own size. A
 * *run* is any number of base pages in a row. A *slab* is a page or a run, carved into *slots* of one *size class*; a
 * *large object* has a run of its own. The *directory* of a zone leads from each of its pages to the slab. A *page
 * provider* gives pages and runs, and takes them back. A zone or cache *pulls* pages from its provider, and you *push*
 * pages with `refill`; the two mix. Sizes and alignments are in bytes.
 *
 * @section rules Rules for every function
 * - The arguments come in the order of C23: alignment before size.
 * - A call that fails changes nothing and returns a status below 0, or NULL.
 * - Misuse that the functions list as errors is detected in every build, not in debug builds only. Freed memory is
 *   never written to before it is reused, except in profile hardened, which clears it.
 * - A NULL pointer may be deallocated, and does nothing.
 * - `errno` changes only in the functions of the groups "Malloc" and "Heaps", and only when memory is refused (ENOMEM)
 *   or an alignment is not a power of two (EINVAL).
 * - *Interrupt* states whether a function may be called from an interrupt or signal handler. "Yes" excludes handlers
 *   that interrupted a call on the same zone, cache or heap, unless the text says otherwise.
 * - *Provider* states whether a function may call the page provider. If it may, it may be called only where the
 *   provider may. Unless stated otherwise a function does not call it, may be called from an interrupt, and takes
 *   constant time.
 * - No lock is held while a function of yours runs: a page provider, constructor, destructor, handler, shrinker,
 *   visitor or writer. What it may call is stated with it, and in a table of the guide "Kernels".
 * - A zone, cache or heap that is not initialised gives #SLM_ERR_NOT_INITIALIZED, NULL, 0 or false.
 * - A struct that a function fills starts with its size, set by the caller; one of an older header is served. If it is
 *   NULL or too small the function returns #SLM_ERR_INVALID_ARGUMENT.
 */
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

/** @defgroup compilers Compiler attributes
 *  @{ */
#if defined(__cplusplus)
#define SLM_ALIGNAS(n) alignas(n)
extern "C" {
#else
/** Aligns a variable or field to n bytes. */
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
/** The pointer may be NULL. No other pointer may be NULL. */
#define SLM_NULLABLE
/** The pointer must not be NULL. */
#define SLM_NONNULL
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
/** The compiler warns when the result is ignored. */
#define SLM_NODISCARD __attribute__((warn_unused_result))
/** The result points to as many bytes as the arguments with these numbers say. */
#define SLM_ALLOC_SIZE(...) __attribute__((alloc_size(__VA_ARGS__)))
/** The result is aligned as the argument with this number says. */
#define SLM_ALLOC_ALIGN(n) __attribute__((alloc_align(n)))
#else
#define SLM_NODISCARD
#define SLM_ALLOC_SIZE(...)
#define SLM_ALLOC_ALIGN(n)
#endif
#if defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__) && __GNUC__ >= 11
/** The result is a new object, to be used, which the named function deallocates: by its argument with this number. */
#define SLM_MALLOC(deallocator, n) __attribute__((warn_unused_result, malloc, malloc(deallocator, n)))
/** The same of an object that may be constructed: its content counts, and may point to other objects. */
#define SLM_CONSTRUCTED(deallocator, n) __attribute__((warn_unused_result, malloc(deallocator, n)))
#elif defined(__GNUC__) && !defined(__TINYC__)
#define SLM_MALLOC(deallocator, n) __attribute__((warn_unused_result, malloc))
#define SLM_CONSTRUCTED(deallocator, n) __attribute__((warn_unused_result))
#else
#define SLM_MALLOC(deallocator, n)
#define SLM_CONSTRUCTED(deallocator, n)
#endif
/** @} */
/** @defgroup version Version
 *  The version of this header; slm_version() returns that of the library linked.
 *  @{ */
#define SLM_VERSION_MAJOR 0 /**< Changes when existing programs must change. */
#define SLM_VERSION_MINOR 4 /**< Changes when something is added. */
#define SLM_VERSION_PATCH 0 /**< Changes when something is fixed. */
/** (major << 16) | (minor << 8) | patch. */
#define SLM_VERSION ((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)

/** The version of the library linked, in the form of #SLM_VERSION. */
uint32_t slm_version(void);
/** @} */
/** @defgroup statuses Statuses
 *  What a call came to: #SLM_OK is 0, errors are below 0. New statuses may be added; a number never changes its
 *  meaning.
 *  @{ */
/** Every status: its name, number and meaning. The one place where they are written. */
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
  X(SLM_ERR_LIMIT, -17, "the hard limit of the zone, cache or heap forbids another page")                              \
  X(SLM_ERR_CONSTRUCTOR_FAILED, -18, "the constructor of the cache refused an object")                                 \
  X(SLM_ERR_IN_USE, -19, "it is registered already, or pages are held that the call needs gone")

#define SLM_STATUS_VALUE(name, value, meaning) name = value,
#if defined(__cplusplus) || defined(__clang__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
/** What a call came to, 32 bits wide on every machine. Debuggers show its name. */
typedef enum slm_status : int32_t { SLM_STATUSES(SLM_STATUS_VALUE) } slm_status;
#else
typedef int32_t slm_status;
enum { SLM_STATUSES(SLM_STATUS_VALUE) };
#endif
#undef SLM_STATUS_VALUE

/** The name of a status: "SLM_OK", "SLM_ERR_DOUBLE_FREE", ...
 *  @return a string that is never freed; "SLM_ERR_UNKNOWN" for any other number. */
const char *slm_status_name(slm_status status);
/** @} */
/** @defgroup malloc Malloc
 *  malloc by another name. Hosted builds only.
 *
 *  Each thread has a heap of its own and takes no lock. Any thread may free what another one allocated: a *remote
 *  free*. The preload library defines the C library's names with these functions. Pointers are aligned to 16. Sizes
 *  above PTRDIFF_MAX are refused. The functions may be called before main and in exit handlers.
 *
 *  Misuse goes to the handler of slm_process_set_misuse_handler(). A double free is detected until the memory is handed
 *  out again. If a slab's owner and another thread free one object at once, it is reported when the owner next visits
 *  the slab, with the slab's address.
 *
 *  Handlers of pthread_atfork() may call the functions, whoever registered them first. fork() may be called by a signal
 *  handler that interrupted one of the functions.
 *  A shared object that contains the static library, such as a plug-in, stays loaded after dlclose().
 *
 *  Interrupt: no, as malloc. Provider: there is none.
 *  @{ */
/** Frees an object. Keeps errno. Cost: about 36 instructions; for another heap's object two atomic operations more. */
void slm_free(void *SLM_NULLABLE pointer);
/** Frees an object and checks that it was allocated with this size (C23). After slm_realloc() its last size counts. */
void slm_free_sized(void *SLM_NULLABLE pointer, size_t size);
/** Frees an object and checks that it was allocated with this alignment and size (C23). */
void slm_free_aligned_sized(void *SLM_NULLABLE pointer, size_t alignment, size_t size);

/** Allocates size bytes. Size 0 is served as 1; in profile hardened by an address of its own that cannot be accessed.
 *  @return the memory, not cleared; NULL with errno ENOMEM if memory is refused.
 *  Cost: 20 to 30 instructions if a slot was freed recently, else about 40. A new slab costs some hundred instructions
 *  and may call mmap or mprotect. Above 128 KiB: a page run, a lock, some 200 instructions. */
void *SLM_NULLABLE slm_malloc(size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(1);
/** Allocates count * size bytes that read as zero. Fresh pages are not cleared again.
 *  @return the memory; NULL with errno ENOMEM if memory is refused or the product overflows. */
void *SLM_NULLABLE slm_calloc(size_t count, size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(1, 2);
/** Allocates size bytes at a multiple of alignment, which is any power of two.
 *  @return the memory; NULL with errno ENOMEM if memory is refused, EINVAL if alignment is not a power of two. */
void *SLM_NULLABLE slm_aligned_alloc(size_t alignment, size_t size) SLM_MALLOC(slm_free, 1) SLM_ALLOC_SIZE(2)
    SLM_ALLOC_ALIGN(1);
/** Changes the size of an object: in place if the new size is of the same size class, else by moving it. An object of a
 *  heap of slm_heap_create() stays in that heap. A large object grows in place if the pages behind it are free; from 16
 *  MiB on it is moved by page tables.
 *
 *  A size up to slm_usable_size() never fails: without memory for a better place the object stays where it is. Sized
 *  frees take its last size. In the slab of an object that stayed they also take each smaller size.
 *  @param pointer NULL allocates. @param size 0 frees the object and returns NULL, as glibc does.
 *  @return the object; NULL with errno ENOMEM if memory is refused, and then the object is unchanged. */
void *SLM_NULLABLE slm_realloc(void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(2);
/** The bytes of an object, all of them usable; 0 for NULL. A pointer that is not to a live object is misuse. In profile
 *  hardened the bytes that are more than were asked for are usable from this call on: until then a write to them is
 *  reported when the object is freed. A reallocation takes them back. */
size_t slm_usable_size(const void *SLM_NULLABLE pointer);
/** The usable size that an allocation of size bytes gets; 0 if it is impossible. */
size_t slm_good_size(size_t size);
/** @} */
/** @defgroup heaps Heaps
 *  Heaps of your own, destroyed in one call. Hosted builds only.
 *
 *  All threads may use a heap at once, with these functions and with slm_free(), slm_realloc() and slm_usable_size() on
 *  its objects. The heap has a *part* for each thread that allocates, made at the thread's first allocation. A thread
 *  takes no lock to allocate from its part and to free what came from it. Objects of another thread's part are freed by
 *  two atomic operations, as by slm_free(). When a thread ends, other threads of the heap get its part. Of at most 4095
 *  threads that use heaps at once each has parts; further ones get a page run, at least 64 KiB, for each object.
 *
 *  Objects never leave their heap by a call. Layouts are those of "Malloc": any size, and any alignment that is a power
 *  of two. Misuse is returned as a status, not reported to the misuse handler; but if a thread and another one free one
 *  object at the same moment, the second free may be reported to the handler later.
 *
 *  After fork() the child has one thread. It may use and destroy a heap that no other thread was using meanwhile.
 *
 *  *A heap in memory of yours*: with slm_options.provider, such as slm_region_provider(), all of the heap lies in runs
 *  of the provider: objects, descriptors, parts and the slm_heap itself. Outside lie only a word for each thread, a
 *  table of 512 bytes, one for the process, and what malloc has before its first object.
 *  - The provider must give runs. It is asked for 1 MiB at first, or 512 KiB if it has no more, later for half of what
 *    the heap holds, or what an object needs; always for multiples of 64 KiB, aligned to 64 KiB. It must be thread-safe
 *    if several threads use the heap, and must not use the heap.
 *  - Runs without an object go back now and then, and before memory is refused; all of them when the heap is destroyed.
 *    The first run has the slm_heap: a call with a destroyed heap is detected only until that memory has another use.
 *  - Only the functions of this group, and not slm_free(), slm_realloc() and slm_usable_size(), know its objects: for
 *    those such a pointer is misuse.
 *  - Statistics of the process do not count it. Unused memory is not purged. Profile hardened has no guard pages there,
 *    and its objects of size 0 can be accessed.
 *
 *  Interrupt: no, as malloc. Provider: is called only by a heap that has one, without a lock, where memory is needed or
 *  freed.
 *  @{ */
/** How an allocator is set up: see the group "Options". */
typedef struct slm_options slm_options;
/** A heap. */
typedef struct slm_heap slm_heap;

/** Makes a heap.
 *  @param options NULL, or options of which only `name`, `soft_limit`, `hard_limit` and `provider` may be set: a heap
 *    has the profile of the process, and serves any thread. Without a provider it is of the operating system's memory.
 *  @param why if not NULL, gets #SLM_OK or the reason: #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_ARGUMENT.
 *  @return the heap; NULL on error. */
slm_heap *SLM_NULLABLE slm_heap_create(const slm_options *SLM_NULLABLE options,
                                       slm_status *SLM_NULLABLE why) SLM_NODISCARD;
/** Frees every object of the heap, those of all threads, and the heap. From any thread, while no other one uses the
 *  heap or its objects.
 *  @param live if not NULL, gets the number of objects that were still live.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED.
 *  Cost: proportional to the slabs and large objects. */
slm_status slm_heap_destroy(slm_heap *heap, size_t *SLM_NULLABLE live);

/** Deallocates an object of this heap. For the thread that allocated it faster than slm_free().
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_FOREIGN_POINTER (also for an object of another heap),
 *          #SLM_ERR_INTERIOR_POINTER, #SLM_ERR_DOUBLE_FREE; in profile hardened #SLM_ERR_OVERFLOW. */
slm_status slm_heap_deallocate(slm_heap *heap, void *SLM_NULLABLE pointer);
/** Deallocates an object and checks its size. @see slm_zone_deallocate_sized */
slm_status slm_heap_deallocate_sized(slm_heap *heap, void *SLM_NULLABLE pointer, size_t size);
/** Deallocates an object and checks its alignment and size. @see slm_zone_deallocate_aligned_sized */
slm_status slm_heap_deallocate_aligned_sized(slm_heap *heap, void *SLM_NULLABLE pointer, size_t alignment, size_t size);
/** Deallocates count objects. @see slm_zone_deallocate_batch */
slm_status slm_heap_deallocate_batch(slm_heap *heap, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                     size_t *SLM_NULLABLE done);
/** Allocates size bytes. @see slm_malloc */
void *SLM_NULLABLE slm_heap_allocate(slm_heap *heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2) SLM_ALLOC_SIZE(2);
/** Allocates size bytes that read as zero. @see slm_calloc */
void *SLM_NULLABLE slm_heap_allocate_zeroed(slm_heap *heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2)
    SLM_ALLOC_SIZE(2);
/** Allocates size bytes at a multiple of alignment. @see slm_aligned_alloc */
void *SLM_NULLABLE slm_heap_allocate_aligned(slm_heap *heap, size_t alignment, size_t size)
    SLM_MALLOC(slm_heap_deallocate, 2) SLM_ALLOC_SIZE(3) SLM_ALLOC_ALIGN(2);
/** Allocates and returns why not. errno is kept.
 *  @param flags 0 or #SLM_ZEROED. @param out gets the memory, or NULL on error.
 *  @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_LIMIT, #SLM_ERR_INVALID_LAYOUT (an alignment that is not a power
 *          of two, or a size above PTRDIFF_MAX), #SLM_ERR_INVALID_ARGUMENT, #SLM_ERR_NOT_INITIALIZED. */
slm_status slm_heap_allocate_with(slm_heap *heap, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Allocates up to count objects of size bytes. @return how many; fewer than count only if memory is refused.
 *  @see slm_zone_allocate_batch */
size_t slm_heap_allocate_batch(slm_heap *heap, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Changes the size of an object, which stays in this heap. A size up to slm_heap_usable_size() never fails, as with
 *  slm_realloc(). @see slm_zone_reallocate, whose errors it has. */
void *SLM_NULLABLE slm_heap_reallocate(slm_heap *heap, void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD
    SLM_ALLOC_SIZE(3);
/** Changes the size of an object and keeps its alignment. @see slm_heap_reallocate */
void *SLM_NULLABLE slm_heap_reallocate_aligned(slm_heap *heap, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(4) SLM_ALLOC_ALIGN(3);
/** Changes the size of an object without moving it. @see slm_zone_resize */
slm_status slm_heap_resize(slm_heap *heap, void *pointer, size_t size) SLM_NODISCARD;
/** The usable bytes of a live object of this heap; 0 for any other pointer. @see slm_usable_size */
size_t slm_heap_usable_size(const slm_heap *heap, const void *SLM_NULLABLE pointer);
/** The usable size that an allocation of size bytes gets; 0 if it is impossible. */
size_t slm_heap_good_size(const slm_heap *heap, size_t size);
/** Whether an address lies in a slab or a large object of this heap. Reads nothing near the address. */
bool slm_heap_owns(const slm_heap *heap, const void *SLM_NULLABLE address);

/** What a heap holds. Equations: bytes_live <= bytes_slabs + bytes_large; bytes_held = bytes_slabs + bytes_large. */
typedef struct slm_heap_usage {
  uint32_t struct_size;  /**< sizeof(slm_heap_usage). */
  uint32_t reserved;     /**< Unused. */
  uint64_t objects_live; /**< Allocated and not deallocated, by any thread. */
  uint64_t bytes_live;   /**< Their bytes, counted by slot, and by page for large objects. */
  uint64_t bytes_slabs;  /**< Bytes of the heap's slabs. */
  uint64_t bytes_large;  /**< Bytes of its large objects. */
  uint64_t large_live;   /**< Large objects among objects_live. */
  uint64_t bytes_held;   /**< bytes_slabs + bytes_large: what the limits are about. */
  uint64_t bytes_peak;   /**< The most that bytes_held ever was. */
  uint64_t soft_limit;   /**< The soft limit in force; 0: none. */
  uint64_t hard_limit;   /**< The hard limit in force; 0: none. */
} slm_heap_usage;
/** Counts what a heap holds, over all threads: exact while no other thread uses the heap.
 *  Cost: a step for each slab and large object of the process, and for each 8 slots of the heap, with a lock that is
 *  needed for new slabs and large objects. */
slm_status slm_heap_statistics(slm_heap *heap, slm_heap_usage *SLM_NULLABLE out);
/** What one size class holds: see the group "Options". */
typedef struct slm_class_statistics slm_class_statistics;
/** Counts one size class of a heap. @see slm_process_class_statistics, slm_heap_statistics
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_INVALID_ARGUMENT. */
slm_status slm_heap_class_statistics(slm_heap *heap, size_t index, slm_class_statistics *SLM_NULLABLE out);
/** @} */
/** @defgroup process Process
 *  Options, statistics and misuse of the memory behind "Malloc" and "Heaps". Hosted builds only. Interrupt: no.
 *
 *  The environment chooses the profile, SLABMALLOC_PROFILE: `checked`, the default, `fast` or `hardened`, as #SLM_FAST
 *  and #SLM_HARDENED describe them. Hardened also puts guard pages around slabs and large objects.
 *  SLABMALLOC_HUGE_PAGES chooses where the system is asked for huge pages: `never`, `auto`, the default, or `always`.
 *  @{ */
/** How the memory of the process is managed. */
typedef struct slm_process_options {
  uint32_t struct_size; /**< sizeof(slm_process_options). */
  uint32_t purge_delay; /**< Milliseconds until a call purges unused memory. Environment: SLABMALLOC_PURGE_DELAY. */
  uint64_t
      retain; /**< Bytes that may wait for that, the rest is purged at once. Environment: SLABMALLOC_RETAIN, MiB. */
} slm_process_options;
/** Reads the options of the process, changes them, or both.
 *  @param options the new ones; NULL leaves them as they are.
 *  @param former if not NULL, gets the options that were in force before the call.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if a struct_size is too small: then nothing changed. */
slm_status slm_process_configure(const slm_process_options *SLM_NULLABLE options,
                                 slm_process_options *SLM_NULLABLE former);

/** Purges all unused memory now, and of the calling thread's heap the pages of used slabs on which no object lies.
 * @return the bytes given back to the system. Cost: a system call for each stretch of memory that is purged. */
size_t slm_process_purge(void);

/** What the process holds. Equations: bytes_held = bytes_taken - bytes_given_back = bytes_slabs + bytes_large +
 *  bytes_metadata + bytes_retained + bytes_clean. */
typedef struct slm_process_usage {
  uint32_t struct_size;      /**< sizeof(slm_process_usage). */
  uint32_t class_count;      /**< Size classes, for slm_process_class_statistics(). */
  uint64_t bytes_taken;      /**< Bytes made usable by mmap or mprotect, ever. */
  uint64_t bytes_given_back; /**< Bytes unmapped, ever. */
  uint64_t bytes_slabs;      /**< In slabs of all heaps. */
  uint64_t bytes_large;      /**< In live large objects. */
  uint64_t bytes_metadata;   /**< In descriptors of heaps and slabs. */
  uint64_t bytes_retained;   /**< Free, waiting for the purge delay. */
  uint64_t bytes_clean;      /**< Free, without memory behind it. */
  uint64_t bytes_peak;       /**< The highest value of bytes_slabs + bytes_large. */
  uint64_t bytes_purged;     /**< Purged, ever. */
  uint64_t large_live;       /**< Live large objects. */
  uint64_t heaps;            /**< Heaps of live threads and of slm_heap_create(). */
} slm_process_usage;

/** Counts what the process holds. */
slm_status slm_process_statistics(slm_process_usage *SLM_NULLABLE out);
/** Counts one size class over all heaps. slots_live is exact while no other thread allocates or frees; empty_pages is
 *  0.
 *  @param index from 0, by size, below slm_process_usage.class_count; else #SLM_ERR_INVALID_ARGUMENT.
 *  Cost: a step for each slab and large object of the process, and for each 8 slots of the class, with a lock that is
 *  needed for new slabs and large objects. */
slm_status slm_process_class_statistics(size_t index, slm_class_statistics *SLM_NULLABLE out);

/** A misuse, as it is reported. */
typedef struct slm_misuse {
  uint32_t struct_size;       /**< sizeof(slm_misuse). */
  slm_status kind;            /**< The error; in freestanding builds also #SLM_ERR_NOT_INITIALIZED. */
  void *SLM_NULLABLE pointer; /**< The pointer that was passed; the slab's address if it is no longer known. */
  uint64_t slot_size;         /**< Slot size of the size class that the pointer lies in; 0 if it lies in none. */
} slm_misuse;
/** What is called for a misuse. When the function returns, the misused call does nothing, and slm_realloc() returns
 *  NULL. It may run on any thread, on several at once, and must not allocate or free. */
typedef struct slm_misuse_handler {
  /** NULL: one line on stderr, `slabmalloc: double free of 0x7f0012345680 (size class 64) [process 71, thread 73]`, the
   *  call stack if the environment has SLABMALLOC_BACKTRACE=1, and abort(). */
  void (*SLM_NULLABLE function)(void *SLM_NULLABLE context, const slm_misuse *misuse);
  void *SLM_NULLABLE context; /**< Passed to function. */
} slm_misuse_handler;
/** Sets the handler for misuse of the functions of "Malloc". Threads: any, at any time; a misuse sees the old handler
 *  or the new one, never a mixture. @return the former handler, to be restored or called by the new one. */
slm_misuse_handler slm_process_set_misuse_handler(slm_misuse_handler handler);
/** @} */
/** @defgroup providers Page providers
 *  Where pages come from.
 *  @{ */
/**
 * A page provider: functions and their context. The allocator copies the struct; the context must outlive the
 * allocator.
 *
 * A provider is never called with a lock held, and may call back into the allocator that called it. The inner call is
 * served from what the allocator holds; if it needs another page it fails with #SLM_ERR_REENTRANT. The provider of a
 * zone or cache for several threads must be thread-safe.
 */
typedef struct slm_page_provider {
  uint32_t struct_size;       /**< sizeof(slm_page_provider). */
  uint32_t page_size;         /**< The base page size it serves: 4096, 16384 or 65536; 0 if it serves any. */
  void *SLM_NULLABLE context; /**< Passed to the functions. */
  /** Gives a page of page_size bytes, aligned to page_size, or NULL. page_size is the allocator's base page size or
   *  #SLM_LARGE_PAGE_SIZE. The content does not matter. NULL here makes a provider that only takes pages back. */
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_page)(void *SLM_NULLABLE context, size_t page_size);
  /** Takes back a page that the allocator got, from this provider or by refill. A provider whose allocator is refilled
   *  too must know which pages are its own. The providers of this library ignore pages that are not theirs. */
  void (*SLM_NULLABLE release_page)(void *SLM_NULLABLE context, void *page, size_t page_size);
  /** Gives a run: size bytes in a row, aligned to alignment, or NULL. size is a multiple of the allocator's base page
   *  size, alignment a power of two and at least that size. Optional: without it every page is taken by itself. */
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_run)(void *SLM_NULLABLE context, size_t size, size_t alignment);
  /** Takes back a run that allocate_run gave. Any part of a run may be given back by itself: it starts and ends at
   *  multiples of the page size. A page comes back by release_page, a run by release_run. Set if, and only if,
   *  allocate_run is set. */
  void (*SLM_NULLABLE release_run)(void *SLM_NULLABLE context, void *run, size_t size);
} slm_page_provider;
/** The ledger of a provider. Equation: pages out = taken - given back. A run counts as the base pages that it has. */
typedef struct slm_provider_statistics {
  uint32_t struct_size;            /**< sizeof(slm_provider_statistics). */
  uint32_t reserved;               /**< Unused. */
  uint64_t base_pages_taken;       /**< Base pages handed out, ever. */
  uint64_t base_pages_given_back;  /**< Base pages that came back, ever. */
  uint64_t large_pages_taken;      /**< Large pages handed out, ever. */
  uint64_t large_pages_given_back; /**< Large pages that came back, ever. */
} slm_provider_statistics;
/** The provider that takes pages from the operating system: base pages of 64 KiB, large pages, and runs. Hosted builds
 *  only.
 *
 *  There is one for the process, for any thread. Pages that come back lose their memory at once (MADV_DONTNEED);
 *  address space is unmapped when 32 MiB are idle. Each 32 MiB start with a guard: a write past the end of the memory
 *  below, or before the first page, faults. A run above 4 MiB has a mapping of its own, with a guard behind it into
 *  which it may grow. Pages and runs that it did not give are ignored. */
slm_page_provider slm_mmap_provider(void);
/** The ledger of slm_mmap_provider(). Interrupt: no, it takes a lock. */
slm_status slm_mmap_statistics(slm_provider_statistics *SLM_NULLABLE out);

/** A region: memory of yours that base pages, large pages and runs are carved from. */
typedef struct slm_region slm_region;
/** Makes a region of a buffer. The region's state takes the first bytes of the buffer: at most 1,000, and for each
 *  2 MiB of the address space that the buffer touches 640 bytes with base pages of 4 KiB, else 192. A base page comes
 *  from the 2 MiB block with the fewest free pages, within a quarter, to keep whole blocks for large pages and long
 *  runs. A run comes from a block that is not whole if it fits into one, else from the lowest place where it fits.
 *  @param buffer any address; bytes before the first page boundary are unused. @param size its bytes.
 *  @param page_size 4096, 16384 or 65536.
 *  @param why if not NULL, gets #SLM_OK or the reason: #SLM_ERR_INVALID_ARGUMENT if buffer is NULL, page_size is not
 *    allowed, or the buffer cannot hold the state and one page; #SLM_ERR_BAD_PAGE if it wraps around the address space,
 *    or lies where a program of this system has no memory. A buffer may be as large as the address space, and end with
 *    its last byte; the address space's last page stays unused.
 *  @return the region; NULL on error.
 *  Threads: one at a time for a region's functions. Its provider, slm_region_add() and slm_region_fragmentation() take
 *  the region's lock: allocators on several threads may share the provider, also during these calls.
 *  Interrupt: no. Cost: some 1,000 instructions for each doubling of the size; in the small library for each page. */
slm_region *SLM_NULLABLE slm_region_init(void *SLM_NULLABLE buffer, size_t size, size_t page_size,
                                         slm_status *SLM_NULLABLE why) SLM_NODISCARD;
/** Adds another range of memory to a region: adjacent, or with a hole between, as in a machine's memory map. No page
 *  or run lies in two ranges. The range's state takes its first bytes, as in slm_region_init().
 *  @param start any address. @param size bytes.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if start is NULL or the range cannot hold its state and one page,
 *          #SLM_ERR_BAD_PAGE as slm_region_init(), #SLM_ERR_PAGE_OWNED if it overlaps a range of the region. On error
 *          it was not written to.
 *  Interrupt: no. Cost: as slm_region_init(), and a step for each range; the lock is held for a moment only. */
slm_status slm_region_add(slm_region *region, void *SLM_NULLABLE start, size_t size) SLM_NODISCARD;
/** The provider that carves pages and runs out of a region, in the small library pages alone. A run that starts at any
 *  page is found if one fits. One with a larger alignment is found if its size, rounded up to a power of two and to the
 *  alignment, is at most 2 MiB, and so many bytes are free that start at a multiple of their number; or if a stretch is
 *  free that has its size and alignment together; else 16 shorter stretches are looked at. What is given back and is
 *  not wholly taken, or was not taken in this way, is ignored.
 *  Interrupt: yes, in hosted builds no. Cost: of 1 GiB some 1,000 instructions for a base page and 5,000 for a run of
 *  any length, 9,000 if stretches are looked at in vain; it grows with the logarithm of the memory. A step for
 *  each range. In the small library a step for each 64 pages. */
slm_page_provider slm_region_provider(slm_region *region);
/** The ledger of a region. @see slm_mmap_statistics */
slm_status slm_region_statistics(const slm_region *region, slm_provider_statistics *SLM_NULLABLE out);
/** How many pages of page_size, the region's or #SLM_LARGE_PAGE_SIZE, can be taken now; 0 for other sizes. */
size_t slm_region_available(const slm_region *region, size_t page_size);

/** How fragmented the free memory of a region is. */
typedef struct slm_fragmentation {
  uint32_t struct_size;      /**< sizeof(slm_fragmentation). */
  uint32_t reserved;         /**< Unused. */
  uint64_t free_bytes;       /**< In free pages. */
  uint64_t largest_free_run; /**< In the largest stretch of free pages, which is the largest run that can be taken. */
  uint64_t large_pages_free; /**< Large pages that can be taken now. */
} slm_fragmentation;
/** Measures the fragmentation of a region. Interrupt: no. Cost: a step for each range. */
slm_status slm_region_fragmentation(slm_region *region, slm_fragmentation *SLM_NULLABLE out);
/** The stretches of free pages of a region, by length. */
typedef struct slm_free_runs {
  uint32_t struct_size; /**< sizeof(slm_free_runs). */
  uint32_t reserved;    /**< Unused. */
  uint64_t runs;        /**< Stretches of free pages. */
  /** Bytes in stretches of 4096 << i bytes or more, but less than twice that. The last also counts all longer ones. */
  uint64_t bytes_by_order[20];
} slm_free_runs;
/** Counts the stretches of free pages of a region. If pages come and go meanwhile, the figures are of different
 *  moments. Interrupt: no. Cost: some 1,000 instructions for each stretch; the lock is held for one at a time. */
slm_status slm_region_free_runs(slm_region *region, slm_free_runs *SLM_NULLABLE out);
/** @} */
/** @defgroup options Options
 *  How a zone or cache is set up, and what it reports.
 *  @{ */
/** Define SLM_SMALL before this header in programs that link libslabmalloc-small.a, the freestanding library for
 *  machines that count bytes: at most 16 KiB of code, and 2 KiB for a zone. Objects and alignments go up to 2 KiB,
 *  there are two size classes per doubling, no large pages and no runs. Zones and caches are for one thread. Batches,
 *  reserves, statistics, reports, slm_region_fragmentation(), slm_region_free_runs(), profiles, limits, shrinkers,
 *  walks, registries, constructors, slm_zone_provider(), slm_status_name() and Swift's heap are missing. A deallocation
 *  takes a step for each 16 pages of the zone. */
#if defined(SLM_SMALL)
#define SLM_MAX_SIZE ((size_t)2048)
#else
/** The largest size of a size class: 128 KiB, with SLM_SMALL 2 KiB. A larger object takes a run of pages of its own. */
#define SLM_MAX_SIZE ((size_t)131072)
#endif
/** The size of a large page: 2 MiB. */
#define SLM_LARGE_PAGE_SIZE ((size_t)2097152)

/** slm_options.threads: one thread at a time, and no lock. The default. */
#define SLM_ONE_THREAD ((uint32_t)0)
/** slm_options.threads: any thread, behind one lock.
 *
 *  The lock is released while the provider or another function of yours runs, and while memory is cleared or copied. In
 *  freestanding builds it is held with interrupts disabled (slm_port_disable_interrupts()).
 *  Interrupt: in freestanding builds yes, also in a handler that interrupted a call on the same zone; functions that
 *  may call the provider, if it may be called there. In hosted builds no.
 *  Cost: some 30 instructions more for a pair, two of them atomic, if the lock is free. */
#define SLM_ANY_THREAD ((uint32_t)1)
/** slm_options.threads: any thread, with a zone and a lock for each of slm_options.cpu_count CPUs.
 *
 *  slm_port_context(), modulo the number of CPUs, selects the calling CPU's zone (slabmalloc/port.h). In hosted builds
 *  threads are numbered in the order of their first calls. The selection affects speed alone: a caller may move to
 *  another CPU at any time. When the CPU's zone is out of memory, the others are asked for a slot or an empty page, one
 *  after the other. Any CPU may deallocate any object, which returns to the zone it came from, also if two CPUs race.
 *  One directory serves all CPUs: what a deallocation, slm_zone_owns() and a page that comes in cost does not depend on
 *  their number.
 *  Interrupt: as #SLM_ANY_THREAD.
 *  Cost: some 45 instructions more for a pair, two of them atomic. Deallocating another CPU's object takes about 250.
 *  When pages go back, each CPU's lock is taken once for up to 16 slabs. */
#define SLM_PER_CPU ((uint32_t)2)

/** slm_options.flags: profile fast. Sized deallocations ignore the size and alignment: they are as
 *  slm_zone_deallocate(). Not in the small library, as all profiles. */
#define SLM_FAST ((uint64_t)1)
/** slm_options.flags: profile hardened, for memory that strangers' data passes through. About twelve times the
 *  instructions for a small object, more for a large one, which is cleared, and more memory.
 *  - Each slot ends with a canary, a secret word (8 bytes, 4 on 32 bits) that is checked when the object is
 *    deallocated, resized or reallocated: a write past the usable size gives #SLM_ERR_OVERFLOW, and the object stays
 *    live. Its first byte is 0: whoever reads a string that fills its slot reads nothing of the canary, and the 0 of a
 *    string that is one byte too long changes nothing. Each slab has a key of its own for its canaries. A large object
 *    ends with one too, at the end of its run.
 *  - Each slab has two guard words more, checked at each use of the slab. A write over the end of the slab, or below
 *    the start of the next one, gives #SLM_ERR_OVERFLOW. Until another slab becomes current, allocations of that size
 *    fail with this status. Guard pages are behind runs where the provider has them.
 *  - A deallocated slot is cleared at once. It must still be zero when it is reused; if not, the allocation fails with
 *    #SLM_ERR_WRITE_AFTER_FREE (functions without a status return NULL, a batch ends), and the slot is retired. The
 *    next call tries another slot. Writes to a page that left its size class meanwhile are not detected.
 *  - A deallocated slot stays in the quarantine of its class: 16 slots in random order and 16 in turn for up to 128
 *    bytes, 8 and 8 up to 1024 bytes, 4 and 4 up to 8 KiB, 1 and 1 above. Reclaim and reserve functions, and an
 *    allocation that would fail, end it.
 *  - The order in which slots are handed out is random, as getrandom(2) or slm_port_random() are, and not of
 *    cryptographic strength. A program that can read past an object by other means than a string learns the canaries
 *    of that slab. */
#define SLM_HARDENED ((uint64_t)2)

/** How an allocator is set up. `slm_options options = SLM_DEFAULT_OPTIONS;`, and change what you want. */
struct slm_options {
  uint32_t struct_size;          /**< sizeof(slm_options). */
  uint32_t page_size;            /**< Base page size: 4096, 16384 or 65536. 0: the provider's, or 4096. */
  uint64_t flags;                /**< The profile: 0 for checked, #SLM_FAST or #SLM_HARDENED, not both. */
  uint32_t threads;              /**< #SLM_ONE_THREAD, #SLM_ANY_THREAD or #SLM_PER_CPU. */
  uint32_t cpu_count;            /**< With #SLM_PER_CPU the number of CPUs, 1 to 65,535; else 0. */
  const char *SLM_NULLABLE name; /**< A name for reports, or NULL. It must outlive the allocator. */
  uint64_t soft_limit;           /**< In bytes of pages. 0: none. See the group "Limits". */
  uint64_t hard_limit;           /**< In bytes of pages, at least soft_limit. 0: none. */
  slm_page_provider provider;    /**< Where pages come from and go to; all zero for push use. */
};

/** A provider that is none: pages are pushed. */
#define SLM_NO_PROVIDER                                                                                                \
  { 0, 0, NULL, NULL, NULL, NULL, NULL }
/** Initialises an slm_options: one thread, profile checked, no provider. */
#define SLM_DEFAULT_OPTIONS                                                                                            \
  { (uint32_t)sizeof(slm_options), 0, 0, SLM_ONE_THREAD, 0, NULL, 0, 0, SLM_NO_PROVIDER }
/** A pointer to options with a provider and all else at its default, for a call's argument:
 *  SLM_OPTIONS(slm_mmap_provider()). */
#if defined(__cplusplus)
} /* extern "C" */
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

/** For `allocate_with`: the memory reads as zero. */
#define SLM_ZEROED ((uint32_t)1)
/** For `allocate_with`: no call of the provider or a shrinker, and a bounded cost. Free slots, empty pages and runs
 *  that were pushed serve it. */
#define SLM_NOWAIT ((uint32_t)2)

/** How many pages a reclaim gave back. */
typedef struct slm_reclaimed {
  uint32_t struct_size; /**< sizeof(slm_reclaimed). */
  uint32_t reserved;    /**< Unused. */
  uint64_t base_pages;  /**< Base pages. */
  uint64_t large_pages; /**< Large pages. */
} slm_reclaimed;
/** What a zone or cache holds. Equations: pages held = taken - given back; slots_live = objects_large + sum over
 *  classes of slots_live; bytes_live = bytes_large + sum over classes of slots_live * slot_size. */
typedef struct slm_statistics {
  uint32_t struct_size;            /**< sizeof(slm_statistics). */
  uint32_t class_count;            /**< Size classes, for slm_zone_class_statistics(). */
  uint64_t base_pages_taken;       /**< Base pages that came in, by refill or from the provider, ever. */
  uint64_t base_pages_given_back;  /**< Base pages that went out, ever. */
  uint64_t large_pages_taken;      /**< Large pages that came in, ever. */
  uint64_t large_pages_given_back; /**< Large pages that went out, ever. */
  uint64_t table_pages;            /**< Of the pages held, those of the directory and of descriptors of runs. */
  uint64_t slots_live;             /**< Slots and large objects handed out and not yet deallocated. */
  uint64_t bytes_live;             /**< Their bytes, counted by slot and by run. */
  uint64_t slots_retired;          /**< Of a hardened zone: written to while free, and not handed out again. */
  uint64_t objects_large;          /**< Of slots_live, the objects with a run of their own, which are in no class. */
  uint64_t bytes_large;            /**< Of bytes_live, those of their runs. */
  uint64_t pages_lent;             /**< Of the pages held, those that caches have by slm_zone_provider(). */
  uint64_t bytes_held;             /**< Bytes of the pages held: what the limits are about. */
  uint64_t bytes_peak;             /**< The most that bytes_held ever was. */
  uint64_t soft_limit;             /**< The soft limit in force; 0: none. */
  uint64_t hard_limit;             /**< The hard limit in force; 0: none. */
  uint64_t bytes_free_runs;        /**< Bytes of the runs that were pushed and have no object. */
} slm_statistics;
/** What one size class holds. */
struct slm_class_statistics {
  uint32_t struct_size;    /**< sizeof(slm_class_statistics). */
  uint32_t slot_size;      /**< Bytes of a slot. */
  uint64_t page_size;      /**< Bytes of the page or run that refill wants for this class. */
  uint64_t slots_per_page; /**< Slots of a slab of that size. Other slabs of the class may have more or fewer. */
  uint64_t pages;          /**< Slabs held. */
  uint64_t empty_pages;    /**< Of those, slabs without a live slot. */
  uint64_t slots_live;     /**< Slots handed out and not yet deallocated. */
};
/** @} */
/** @defgroup zones Zones
 *  Objects of any size, on pages. All state is in your storage and in the pages.
 *
 *  Which memory an object has depends on what the provider gives, which is measured in "Kernels":
 *  - *A provider with runs*: up to 64 KiB objects share slabs, of which at most a ninth is not theirs (a 21st up to 2
 *    KiB). A larger object takes a run of its own, of any size, which goes back when it is deallocated. One whose
 *    alignment is above the base page takes one, too.
 *  - *A provider of single pages*: up to 2 KiB (4 KiB with base pages of 64 KiB) objects share base pages, up to 128
 *    KiB large pages. A larger one takes a large page for itself. Above 2 MiB, of which a hardened zone needs 8 bytes,
 *    it is #SLM_ERR_INVALID_LAYOUT.
 *  - *No provider*: the pages and runs that were pushed for the layout.
 *
 *  slm_options.threads states who may call: its values (#SLM_ONE_THREAD, #SLM_ANY_THREAD, #SLM_PER_CPU) say what the
 *  functions cost then, and where they may be called from.
 *  @{ */
/** A zone. */
typedef struct slm_zone slm_zone;

#if defined(SLM_SMALL)
#define SLM_ZONE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 2048 : 1408)
#elif UINTPTR_MAX > 0xFFFFFFFF
/** Bytes of storage for a zone for one or any thread, and for any profile. @see slm_zone_storage_size */
#define SLM_ZONE_STORAGE_SIZE 12288
#else
#define SLM_ZONE_STORAGE_SIZE 7232
#endif
/** One CPU's share: a zone for each of n CPUs fits into SLM_ZONE_STORAGE_SIZE + n * SLM_ZONE_CPU_STORAGE_SIZE bytes. */
#define SLM_ZONE_CPU_STORAGE_SIZE (SLM_ZONE_STORAGE_SIZE + 64)
/** Memory for a zone, static or not, for one or any thread. Zero-filled memory is a zone that is not initialised. */
typedef struct slm_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE]; /**< The zone's. */
} slm_zone_storage;
/** The bytes of storage that a zone with these options needs, to be aligned to 64. NULL: the default options. 0 if the
 *  options are invalid. Swift cannot import the storage structs: allocate this much. */
size_t slm_zone_storage_size(const slm_options *SLM_NULLABLE options);

/** Makes a zone in your storage. Takes no page yet.
 *  @param storage aligned to 64. It must stay where it is until slm_zone_destroy().
 *  @param storage_size its bytes, at least slm_zone_storage_size(options).
 *  @param options NULL: 4 KiB base pages, no provider, one thread.
 *  @param why if not NULL, gets #SLM_OK or the reason: #SLM_ERR_INVALID_ARGUMENT if storage is NULL, misaligned or too
 *    small, or an option is not allowed (page_size not 4096, 16384, 65536 or not the provider's; unknown flags or
 *    threads; allocate_page without release_page; a soft limit above the hard one; in freestanding builds threads other
 *    than #SLM_ONE_THREAD without slm_port_context()).
 *  @return the zone, at the address of storage; NULL on error. Cannot fail with an slm_zone_storage and options NULL.
 *  Cost: proportional to the storage size. */
slm_zone *SLM_NULLABLE slm_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                     const slm_options *SLM_NULLABLE options,
                                     slm_status *SLM_NULLABLE why) SLM_NODISCARD;
/** Gives every page and run back to the provider and ends the zone with all its objects. No other thread may use it any
 *  more.
 *  @param live if not NULL, gets the number of slots that were still live.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_NO_PROVIDER if the zone holds pages and has no release_page:
 *          then it is unchanged, take its empty pages with slm_zone_reclaim_page() first; #SLM_ERR_IN_USE while pages
 *          are lent to caches (slm_zone_provider()), #SLM_ERR_REENTRANT from within a constructor: unchanged too.
 *  Provider: release_page and release_run are called; when they call back, the zone is not initialised. Interrupt: no.
 *  Cost: some 100 instructions for each page held, and the provider for each slab and large object. */
slm_status slm_zone_destroy(slm_zone *zone, size_t *SLM_NULLABLE live);

/** The size of page or run that serves a layout well when it is pushed with slm_zone_refill(): a base page for objects
 *  up to 2 KiB (4 KiB with base pages of 64 KiB), though one of 4 KiB holds a single object of 2 KiB; else what a class
 *  takes from a provider, else the pages of a large object and its descriptor; 0 if the layout is invalid or the zone
 *  not initialised. */
size_t slm_zone_page_size(const slm_zone *zone, size_t alignment, size_t size);
/** Hands a page or run to the size class of a layout; with #SLM_PER_CPU in the zone of the calling CPU. It is the
 *  zone's until it is given back. For a layout above the classes it is a run that serves large objects, of this size or
 *  less.
 *  @param page aligned to the base page, and to each object that it is to hold; a large page to itself.
 *  @param page_size a multiple of the base page that holds a slot, best slm_zone_page_size(zone, alignment, size). At
 *    most what the class takes from a provider, and for objects above 2 KiB (4 KiB with base pages of 64 KiB) also up
 *    to a large page; for a large object any multiple of the base page.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_INVALID_LAYOUT, #SLM_ERR_BAD_PAGE, #SLM_ERR_WRONG_PAGE_SIZE,
 *          #SLM_ERR_PAGE_OWNED, #SLM_ERR_LIMIT; in a cache with a constructor #SLM_ERR_CONSTRUCTOR_FAILED. On error
 *          the page is still yours and, unless a constructor ran, was not written to. (A page of another allocator is
 *          detected if that one holds it as the end of a slab that ends where this one would.)
 *  Provider: may be called for a page of the directory, once for some hundred pages. Where there is none, a table
 *  lodges in the page, which has a few slots fewer and stays until the directory shrinks.
 *  Cost: some 1,100 instructions for a base page; for a run or a large page 200 for each base page in it, which are
 *  86,000 for 2 MiB in base pages of 4 KiB. */
slm_status slm_zone_refill(slm_zone *zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                           size_t page_size) SLM_NODISCARD;

/** Deallocates an object. The pointer is checked before anything near it is read.
 *  @param pointer NULL does nothing.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_FOREIGN_POINTER, #SLM_ERR_INTERIOR_POINTER,
 *          #SLM_ERR_DOUBLE_FREE; in profile hardened #SLM_ERR_OVERFLOW. Of a large object #SLM_ERR_DOUBLE_FREE for the
 *          latest eight that ended, later #SLM_ERR_FOREIGN_POINTER, as its run has left the zone.
 *  Provider: release_page or release_run may be called: for a large object, and when the class has more than 128 empty
 *  slabs, or more than 16 MiB of them: up to 16 go back. A zone without a provider keeps all.
 *  Cost: 56 instructions wherever the page lies, 10 for the object that was allocated last, about 300 on a large page.
 *  A level of the directory takes 6 more: there is a second one from some 2,000 pages on, a third from 130,000. A step
 *  in the directory may meet entries of other pages: 9 each, 1.2 on average, at worst 62. About 60 more when a slab
 *  becomes empty or is no longer full. A large object: some 20 for each doubling of their number, and the provider. */
slm_status slm_zone_deallocate(slm_zone *zone, void *SLM_NULLABLE pointer);
/** Deallocates an object and checks that it was allocated with this size (C23's free_sized).
 *  @return as slm_zone_deallocate(), and #SLM_ERR_LAYOUT_MISMATCH, #SLM_ERR_INVALID_LAYOUT. */
slm_status slm_zone_deallocate_sized(slm_zone *zone, void *SLM_NULLABLE pointer, size_t size);
/** Deallocates an object and checks its alignment and size (C23's free_aligned_sized). @see slm_zone_deallocate_sized
 */
slm_status slm_zone_deallocate_aligned_sized(slm_zone *zone, void *SLM_NULLABLE pointer, size_t alignment, size_t size);
/** Deallocates count objects. NULLs are skipped. Every valid object is deallocated, also after an invalid one.
 *  @param done if not NULL, gets the number of objects deallocated.
 *  @return #SLM_OK, or the status of the first object that was refused. Cost: proportional to count. */
slm_status slm_zone_deallocate_batch(slm_zone *zone, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                     size_t *SLM_NULLABLE done);

/** Allocates size bytes, aligned for any object of that size: to 8 up to 8 bytes, else to 16.
 *  @param size 0 is served as 1.
 *  @return the memory, not cleared; NULL if no memory is available or the zone can never serve the size
 *          (slm_zone_allocate_with() says why).
 *  Provider: may be called.
 *  Cost: 19 instructions up to 1024 bytes, 31 up to 64 KiB; some 60 more for each word of up to 64 slots that is
 *  opened, and 130 for each slab. A class without a free slot takes an empty slab of another class, some 3,000
 *  instructions at worst, else a provider call and a refill. A large object: a provider call, 200 instructions for each
 *  base page of it, or for each page of the zone if these are fewer, and some 20 for each doubling of the number of
 *  large objects. If each of several nearly full slabs of 32 slots or more has a few free ones, a page is taken before
 *  them: at most an eighth more memory than the objects need. */
void *SLM_NULLABLE slm_zone_allocate(slm_zone *zone, size_t size) SLM_MALLOC(slm_zone_deallocate, 2) SLM_ALLOC_SIZE(2);
/** Allocates size bytes that read as zero. As slm_zone_allocate(), plus the time to clear them. */
void *SLM_NULLABLE slm_zone_allocate_zeroed(slm_zone *zone, size_t size) SLM_MALLOC(slm_zone_deallocate, 2)
    SLM_ALLOC_SIZE(2);
/** Allocates size bytes aligned to alignment.
 *  @param alignment a power of two: where the provider gives runs below 2^62, or 2^30 on 32 bits; else up to
 *    #SLM_LARGE_PAGE_SIZE.
 *  @return the memory; NULL if no memory is available or the layout is invalid.
 *  Provider: may be called.
 *  Cost: some 100 instructions more than slm_zone_allocate(). */
void *SLM_NULLABLE slm_zone_allocate_aligned(slm_zone *zone, size_t alignment, size_t size)
    SLM_MALLOC(slm_zone_deallocate, 2) SLM_ALLOC_SIZE(3) SLM_ALLOC_ALIGN(2);
/** Allocates and returns why not.
 *  @param flags 0, or #SLM_ZEROED and #SLM_NOWAIT joined by |. @param out gets the memory, or NULL on error.
 *  @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_LAYOUT, #SLM_ERR_INVALID_ARGUMENT,
 *          #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_REENTRANT; #SLM_ERR_BAD_PAGE or #SLM_ERR_PAGE_OWNED if the provider gave
 *          an unusable page or run (a misaligned one is given back to it, one that is owned is not); #SLM_ERR_LIMIT; in
 *          profile hardened #SLM_ERR_OVERFLOW, #SLM_ERR_WRITE_AFTER_FREE. What the zone can never serve is
 *          #SLM_ERR_INVALID_LAYOUT, not #SLM_ERR_OUT_OF_MEMORY. Before #SLM_ERR_OUT_OF_MEMORY and
 *          #SLM_ERR_LIMIT shrinkers are asked, never with #SLM_NOWAIT.
 *  Provider: may be called, never with #SLM_NOWAIT. Interrupt: yes, if the provider may be called; with #SLM_NOWAIT
 *  always.
 *  Cost: as slm_zone_allocate_aligned(). With #SLM_NOWAIT at most three steps for each size class and one for each 64
 *  slots of a slab, some 6,300 instructions when it fails, with #SLM_PER_CPU for each CPU. A large object takes a step
 *  for each free run that was pushed. */
slm_status slm_zone_allocate_with(slm_zone *zone, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Allocates up to count objects of size bytes.
 *  @param out gets the pointers, out[0] to out[result - 1].
 *  @return how many: fewer than count only if no memory is available; 0 for an invalid size.
 *  Provider: may be called. Cost: proportional to count. */
size_t slm_zone_allocate_batch(slm_zone *zone, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;

/** Changes the size of an object: in place if the new size is of the same size class, else by moving it. A large object
 *  stays where it is if the pages behind it can be had (a region and slm_mmap_provider() give them) or are given back.
 *  An object that becomes smaller also stays if there is no memory for a smaller place.
 *  @param pointer NULL allocates. @param size 0 is served as 1, and does not deallocate.
 *  @return the object; NULL on error, and then the object is unchanged: no memory, a size that the zone can never
 *          serve, or a pointer that slm_zone_deallocate() would refuse. A smaller size never fails for a live object.
 *  Provider: may be called. Cost: an allocation, a copy and a deallocation. */
void *SLM_NULLABLE slm_zone_reallocate(slm_zone *zone, void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD
    SLM_ALLOC_SIZE(3);
/** Changes the size of an object that was allocated with an alignment, and keeps the alignment. @see
 *  slm_zone_reallocate */
void *SLM_NULLABLE slm_zone_reallocate_aligned(slm_zone *zone, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(4) SLM_ALLOC_ALIGN(3);
/** Changes the size of an object in place. Sized deallocations take the size of its allocation or last reallocation.
 *  @return #SLM_OK if the slot holds size bytes, or the run was resized; #SLM_ERR_CANNOT_RESIZE if not;
 *          #SLM_ERR_INVALID_ARGUMENT for NULL; the errors of slm_zone_deallocate().
 *  Provider: may be called for a large object. Cost: about 260 instructions, for a large object as its allocation. */
slm_status slm_zone_resize(slm_zone *zone, void *pointer, size_t size) SLM_NODISCARD;
/** The usable bytes of a live object of the zone; 0 for any other pointer. Cost: about 175 instructions. */
size_t slm_zone_usable_size(const slm_zone *zone, const void *SLM_NULLABLE pointer);
/** The usable size that an allocation of size bytes gets; 0 if the zone can never serve it or is not initialised. */
size_t slm_zone_good_size(const slm_zone *zone, size_t size);
/** Whether an address lies in a page that the zone has for objects, live or not. Reads nothing near the address.
 *  Cost: about 115 instructions, 200 if it lies in none, with #SLM_PER_CPU 500; some 20 for each doubling of the number
 *  of large objects. */
bool slm_zone_owns(const slm_zone *zone, const void *SLM_NULLABLE address);

/** Takes pages, to guarantee later allocations: after #SLM_OK the next count allocations of the layout's size class
 *  succeed, whatever else is allocated, reclaimed or refused by the provider meanwhile, and with #SLM_NOWAIT too. The
 *  reserve is a number of empty pages, enough for count slots. No other class and no reclaim takes them. Allocations of
 *  the class use them last, and deallocations fill the reserve up again. The guarantee lasts: it holds until the class
 *  has count more live objects than its lowest number since the call. With #SLM_PER_CPU the reserve belongs to all CPUs
 *  together. A class has one reserve; a further call for the class replaces it.
 *  @param count allocations with this alignment or a smaller one; 0 ends the reserve.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_INVALID_LAYOUT (also for a layout above the size classes); as
 *          slm_zone_allocate_with() #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_LIMIT, #SLM_ERR_REENTRANT, #SLM_ERR_BAD_PAGE,
 *          #SLM_ERR_PAGE_OWNED: then the reserve is unchanged, and pages that were taken stay in the zone as empty
 *          ones. Without a provider only empty pages that the zone holds can be reserved, with #SLM_PER_CPU none.
 *  Provider: may be called, once for each page.
 *  Cost: for each slab a provider call and a refill, some 4,200 instructions for base pages of 64 KiB. */
slm_status slm_zone_reserve(slm_zone *zone, size_t alignment, size_t size, size_t count) SLM_NODISCARD;
/** Gives empty slabs and pushed runs without an object back to the provider, except those of a reserve; also the pages
 *  of the directory and of descriptors that are no longer needed. This is what a kernel's shrinker calls.
 *  @param max_base_pages the most base pages to give back; SIZE_MAX for all. @param max_large_pages of large pages.
 *  @param out if not NULL, gets how many were given back.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_NO_PROVIDER without release_page.
 *  Provider: release_page and release_run are called.
 *  Cost: some 6,000 instructions, some 360 for each page given back, and one step through the directory for each of its
 *  tables that is given up. */
slm_status slm_zone_reclaim(slm_zone *zone, size_t max_base_pages, size_t max_large_pages,
                            slm_reclaimed *SLM_NULLABLE out);
/** Takes an empty slab, or a pushed run without an object, of exactly page_size bytes out of the zone: the reclaim of
 *  push use. With the base page size also a page of the directory or of descriptors that is no longer needed.
 *  @return the page, yours again; NULL if none of that size is empty, except those of a reserve.
 *  Cost: some 1,700 instructions, and 30 for each empty slab and each free run. */
void *SLM_NULLABLE slm_zone_reclaim_page(slm_zone *zone, size_t page_size) SLM_NODISCARD;

/** Counts what the zone holds; with #SLM_PER_CPU the sum of the CPUs' zones, counted one after the other.
 *  Cost: some 100 instructions for each page held, with the lock held. */
slm_status slm_zone_statistics(const slm_zone *zone, slm_statistics *SLM_NULLABLE out);
/** Counts what one size class of the zone holds. @param index from 0, by size, below slm_statistics.class_count; else
 *  #SLM_ERR_INVALID_ARGUMENT.
 *  Cost: proportional to the pages held. */
slm_status slm_zone_class_statistics(const slm_zone *zone, size_t index, slm_class_statistics *SLM_NULLABLE out);

/** A provider that takes its pages from a zone: for caches that share the zone's memory. They count to the zone's
 *  ledger and limits. The zone's empty pages are used first, then its provider and its shrinkers; a page that comes
 *  back goes to its provider. The zone must outlive the caches, and cannot be destroyed before (#SLM_ERR_IN_USE).
 *  @return the provider, for pages of the zone's base page size and for large pages, and for runs if the zone's own
 *          provider gives runs. Of a zone that is not initialised or has no release_page it gives nothing. A page that
 *          the zone holds itself, or that comes back while none of its size is lent, is ignored; a page of another
 *          origin is not detected otherwise: never refill such a cache.
 *  Threads: as the zone. Interrupt: as slm_zone_allocate(). Cost: as a refill, and as giving the page
 *  back. */
slm_page_provider slm_zone_provider(slm_zone *zone);
/** @} */
/** @defgroup caches Caches
 *  Objects of one size: a zone of one size class, whose slots have exactly the object's size, rounded up to its
 *  alignment. Each function is as the zone's function of the same name, unless stated otherwise.
 *  @{ */
/** A cache. */
typedef struct slm_cache slm_cache;

#if defined(SLM_SMALL)
#define SLM_CACHE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 768 : 512)
#elif UINTPTR_MAX > 0xFFFFFFFF
/** Bytes of storage for a cache for one or any thread, and for any profile. @see slm_cache_storage_size */
#define SLM_CACHE_STORAGE_SIZE 2048
#else
#define SLM_CACHE_STORAGE_SIZE 1152
#endif
/** One CPU's share: a cache for each of n CPUs fits into SLM_CACHE_STORAGE_SIZE + n * SLM_CACHE_CPU_STORAGE_SIZE bytes.
 */
#define SLM_CACHE_CPU_STORAGE_SIZE (SLM_CACHE_STORAGE_SIZE + 64)
/** Memory for a cache for one or any thread. */
typedef struct slm_cache_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_CACHE_STORAGE_SIZE]; /**< The cache's. */
} slm_cache_storage;
/** The bytes of storage that a cache with these options needs. @see slm_zone_storage_size */
size_t slm_cache_storage_size(const slm_options *SLM_NULLABLE options);
/** Makes a cache in your storage.
 *  @param alignment a power of two up to #SLM_LARGE_PAGE_SIZE. @param size up to #SLM_MAX_SIZE; 0 is served as 1.
 *  @param why as slm_zone_init(), and #SLM_ERR_INVALID_LAYOUT. @see slm_zone_init */
slm_cache *SLM_NULLABLE slm_cache_init(void *SLM_NULLABLE storage, size_t storage_size, size_t alignment, size_t size,
                                       const slm_options *SLM_NULLABLE options,
                                       slm_status *SLM_NULLABLE why) SLM_NODISCARD;
/** Gives every page back and ends the cache. @see slm_zone_destroy */
slm_status slm_cache_destroy(slm_cache *cache, size_t *SLM_NULLABLE live);
/** Bytes of a slot: the size, rounded up to the alignment and to 8, but at most 1 MiB; 0 if not initialised. */
size_t slm_cache_slot_size(const slm_cache *cache);
/** The size of page or run that serves the cache well when it is pushed. @see slm_zone_page_size */
size_t slm_cache_page_size(const slm_cache *cache);
/** Hands a page to the cache. @see slm_zone_refill */
slm_status slm_cache_refill(slm_cache *cache, void *SLM_NULLABLE page, size_t page_size) SLM_NODISCARD;
/** Deallocates an object. @see slm_zone_deallocate */
slm_status slm_cache_deallocate(slm_cache *cache, void *SLM_NULLABLE pointer);
/** Deallocates an object and checks that a slot holds size bytes. @see slm_zone_deallocate_sized */
slm_status slm_cache_deallocate_sized(slm_cache *cache, void *SLM_NULLABLE pointer, size_t size);
/** Deallocates an object and checks that a slot serves the layout: alignment divides it, size is at most it.
 *  @see slm_zone_deallocate_aligned_sized */
slm_status slm_cache_deallocate_aligned_sized(slm_cache *cache, void *SLM_NULLABLE pointer, size_t alignment,
                                              size_t size);
/** Deallocates count objects. @see slm_zone_deallocate_batch */
slm_status slm_cache_deallocate_batch(slm_cache *cache, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                      size_t *SLM_NULLABLE done);
/** Allocates an object. @see slm_zone_allocate. Cost: 18 instructions. */
void *SLM_NULLABLE slm_cache_allocate(slm_cache *cache) SLM_CONSTRUCTED(slm_cache_deallocate, 2);
/** Allocates an object that reads as zero; NULL from a cache with a constructor. @see slm_zone_allocate_zeroed */
void *SLM_NULLABLE slm_cache_allocate_zeroed(slm_cache *cache) SLM_MALLOC(slm_cache_deallocate, 2);
/** Allocates an object and returns why not. In a cache with a constructor also #SLM_ERR_CONSTRUCTOR_FAILED, and
 *  #SLM_ERR_INVALID_ARGUMENT for #SLM_ZEROED. @see slm_zone_allocate_with */
slm_status slm_cache_allocate_with(slm_cache *cache, uint32_t flags, void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Allocates up to count objects. @see slm_zone_allocate_batch */
size_t slm_cache_allocate_batch(slm_cache *cache, size_t count, void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** The usable bytes of a live object of the cache; 0 for any other pointer. @see slm_zone_usable_size */
size_t slm_cache_usable_size(const slm_cache *cache, const void *SLM_NULLABLE pointer);
/** Whether an address lies in a page of the cache. @see slm_zone_owns */
bool slm_cache_owns(const slm_cache *cache, const void *SLM_NULLABLE address);
/** Guarantees the next count allocations. @see slm_zone_reserve */
slm_status slm_cache_reserve(slm_cache *cache, size_t count) SLM_NODISCARD;
/** Gives empty pages back to the provider. @see slm_zone_reclaim */
slm_status slm_cache_reclaim(slm_cache *cache, size_t max_base_pages, size_t max_large_pages,
                             slm_reclaimed *SLM_NULLABLE out);
/** Takes one empty page out of the cache. @see slm_zone_reclaim_page */
void *SLM_NULLABLE slm_cache_reclaim_page(slm_cache *cache, size_t page_size) SLM_NODISCARD;
/** Counts what the cache holds. @see slm_zone_statistics */
slm_status slm_cache_statistics(const slm_cache *cache, slm_statistics *SLM_NULLABLE out);
/** Counts what the cache holds, as its one size class. @see slm_zone_class_statistics */
slm_status slm_cache_class_statistics(const slm_cache *cache, slm_class_statistics *SLM_NULLABLE out);

/** What makes an object of a cache ready, once for a slot's life in its slab and not at each allocation: an object
 *  keeps its state from its deallocation to its next allocation. Deallocate objects in the state in which you want them
 *  back.
 *
 *  In profile hardened freed slots are cleared. There construct runs at each allocation and destroy at each
 *  deallocation, which costs what they cost. */
typedef struct slm_constructor {
  uint32_t struct_size;       /**< sizeof(slm_constructor). */
  uint32_t reserved;          /**< Unused; 0. */
  void *SLM_NULLABLE context; /**< Passed to the functions. */
  /** Constructs an object of size bytes, whose content is arbitrary. Anything but #SLM_OK refuses it: the objects of
   *  its page that were constructed are destroyed, the page is given back, and the call that needed it fails with
   *  #SLM_ERR_CONSTRUCTOR_FAILED. Runs when a page comes in: in calls that may call the provider, and in
   *  slm_cache_refill(). NULL: nothing is done. */
  slm_status (*SLM_NULLABLE construct)(void *SLM_NULLABLE context, void *object, size_t size);
  /** Destroys an object. Runs for every slot of a page before the page leaves: in reclaim and destroy functions. There
   *  objects that are still live are destroyed too. NULL: nothing is done. */
  void (*SLM_NULLABLE destroy)(void *SLM_NULLABLE context, void *object, size_t size);
} slm_constructor;
/** Gives a cache a constructor and a destructor, before it holds its first page. The struct is copied.
 *
 *  No lock is held while they run. They may use any other allocator. In this cache a constructor is served what needs
 *  no page, else #SLM_ERR_REENTRANT; destroying the cache and refilling it give that always, and in profile hardened
 *  each allocation does. The object that it constructs is not live yet, and freeing it is misuse. A destructor may call
 *  anything that the provider's release_page may.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if constructor is NULL, too small or has
 *          neither function; #SLM_ERR_IN_USE if the cache holds a page.
 *  Interrupt: no. Cost: nothing at allocations and deallocations, except in profile hardened. */
slm_status slm_cache_set_constructor(slm_cache *cache, const slm_constructor *SLM_NULLABLE constructor);
/** @} */
/** @defgroup limits Limits
 *  How much memory a zone, cache or heap may hold, and what happens before memory is refused.
 *
 *  Limits count the bytes of the pages that are held, with an object or without: slm_statistics.bytes_held. They hold
 *  for all CPUs of a zone together. What the provider itself needs is not counted. No lock is held while a function of
 *  yours runs; it may use the zone as a page provider may. The zone serves what needs no page, else the inner call
 *  fails with #SLM_ERR_REENTRANT.
 *  @{ */
/** Sets the limits of a zone in bytes; 0: none. They may be below what is held: then no page comes in until enough have
 *  left.
 *
 *  *Soft limit*: the first page that takes the zone above it calls the handler of slm_zone_set_soft_limit_handler(),
 *  before the page is asked for. The next call follows a fall to the limit or below, or a call of this function.
 *  *Hard limit*: a page above it is not asked for. Instead the zone gives back all its empty pages, except those of a
 *  reserve, asks its shrinkers, tries again after each that freed something, and fails with #SLM_ERR_LIMIT. A page
 *  above it that is pushed is refused with that status at once.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if the soft limit is above the hard one.
 *  Threads: any, at any time. */
slm_status slm_zone_set_limits(slm_zone *zone, uint64_t soft_limit, uint64_t hard_limit);
/** Sets the limits of a cache. @see slm_zone_set_limits */
slm_status slm_cache_set_limits(slm_cache *cache, uint64_t soft_limit, uint64_t hard_limit);
/** What is called at the soft limit, with the bytes that will be held. It may reclaim. */
typedef void (*slm_soft_limit_handler)(void *SLM_NULLABLE context, size_t bytes);
/** Sets the handler of a zone's soft limit; NULL ends it. @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED. */
slm_status slm_zone_set_soft_limit_handler(slm_zone *zone, slm_soft_limit_handler SLM_NULLABLE handler,
                                           void *SLM_NULLABLE context);
/** Sets the handler of a cache's soft limit. @see slm_zone_set_soft_limit_handler */
slm_status slm_cache_set_soft_limit_handler(slm_cache *cache, slm_soft_limit_handler SLM_NULLABLE handler,
                                            void *SLM_NULLABLE context);

/** Sets the limits of a heap in bytes of all threads' slabs and large objects, guard pages included:
 *  slm_heap_usage.bytes_held; 0: none. Memory comes in slabs of 64 KiB to 2 MiB and in runs of at least 64 KiB. What
 *  the heap needs to manage them is not counted.
 *
 *  The *soft limit* is as slm_zone_set_limits() describes it. At the *hard limit* the heap gives back the empty slabs
 *  of the calling thread and of ended ones, and tries once more. Then allocations fail: functions with a status give
 *  #SLM_ERR_LIMIT, the others NULL and ENOMEM. slm_realloc() of an object of the heap fails likewise.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if the soft limit is above the hard one.
 *  Threads: any, at any time. */
slm_status slm_heap_set_limits(slm_heap *heap, uint64_t soft_limit, uint64_t hard_limit);
/** Sets the handler of a heap's soft limit; NULL ends it. It runs on the thread that needs memory, and without a lock.
 *  It may allocate and free in the heap, but not destroy it.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED. Threads: any, at any time. */
slm_status slm_heap_set_soft_limit_handler(slm_heap *heap, slm_soft_limit_handler SLM_NULLABLE handler,
                                           void *SLM_NULLABLE context);

/** A function that frees memory, asked before memory is refused. The struct is yours, and stays where it is while it is
 *  registered: `static slm_shrinker shrinker = {.struct_size = sizeof shrinker, .shrink = drop_some};`. */
typedef struct slm_shrinker slm_shrinker;
/** A function that frees memory, and its place among the others of its zone. */
struct slm_shrinker {
  uint32_t struct_size;       /**< sizeof(slm_shrinker). */
  uint32_t reserved;          /**< Unused; 0. */
  void *SLM_NULLABLE context; /**< Passed to shrink. */
  /** Frees what it can do without, at best bytes in whole pages. @return whether it freed something: then the allocator
   *  tries again before it asks the next shrinker. It may free objects of the same allocator. */
  bool (*SLM_NULLABLE shrink)(void *SLM_NULLABLE context, size_t bytes);
  slm_shrinker *SLM_NULLABLE next; /**< The library's; NULL before. */
  void *SLM_NULLABLE owner;        /**< The library's; NULL before. */
  uintptr_t number;                /**< The library's; 0 before. */
};
/** Registers a shrinker with a zone, behind those that it has. They are asked in this order when the provider has no
 *  page or the hard limit is reached, before the call fails; with #SLM_PER_CPU before the other CPUs' slots are taken.
 *  The end of the zone unregisters it.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if struct_size is too small or shrink is NULL;
 *          #SLM_ERR_IN_USE if it is registered, here or elsewhere.
 *  Threads: as the zone. Cost: a step for each shrinker. */
slm_status slm_zone_add_shrinker(slm_zone *zone, slm_shrinker *SLM_NULLABLE shrinker);
/** Unregisters a shrinker, also from within one. Another thread may still be running it.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if it is not registered with this zone.
 *  Cost: a step for each shrinker. */
slm_status slm_zone_remove_shrinker(slm_zone *zone, slm_shrinker *SLM_NULLABLE shrinker);
/** Registers a shrinker with a cache. @see slm_zone_add_shrinker */
slm_status slm_cache_add_shrinker(slm_cache *cache, slm_shrinker *SLM_NULLABLE shrinker);
/** Unregisters a shrinker of a cache. @see slm_zone_remove_shrinker */
slm_status slm_cache_remove_shrinker(slm_cache *cache, slm_shrinker *SLM_NULLABLE shrinker);
/** @} */
/** @defgroup walks Walks
 *  Visits to every live object of a zone, cache or heap.
 *  @{ */
/** Visits a live object.
 *  @param size its usable bytes. @param class_index its size class, as in slm_zone_class_statistics() or
 *    slm_heap_class_statistics(); 0 in a cache. An object with a run of its own is in no class:
 *    slm_statistics.class_count or slm_process_usage.class_count.
 *  @return whether the walk goes on. */
typedef bool (*slm_object_visitor)(void *SLM_NULLABLE context, void *object, size_t size, size_t class_index);
/** Visits every object that is live from the start of the walk to the end, once, in the order of addresses; with
 *  #SLM_PER_CPU in that order within each CPU's zone. Large objects come last. An object that is allocated or
 *  deallocated meanwhile is visited at most once, and only while it is live. The objects of a slab with a broken guard
 *  (profile hardened) are skipped.
 *
 *  No lock is held while the visitor runs. It may deallocate the object, or others, allocate, reclaim, and walk. If it
 *  destroys the zone, the walk ends; the zone's storage must still be there. Other threads may use the zone as ever. An
 *  object that another thread may deallocate must not be read without a lock of yours, and an object of a zone whose
 *  address was stored nowhere may not have the content that was stored there: compilers know what malloc is.
 *  @return #SLM_OK, also if the visitor ended the walk; #SLM_ERR_NOT_INITIALIZED, also if the zone ended meanwhile.
 *  Interrupt: as slm_zone_statistics(). Cost: for each object some 130 instructions, for each slab some 250. Between
 *  the zone's slabs lie gaps. At the start, for each 32 gaps, and whenever slabs left the zone during the walk, some
 *  125 more for each page of the zone (with #SLM_PER_CPU of all CPUs), with its lock held. At worst, with a gap behind
 *  each page, this grows with the square of the pages: 4,000 instructions a page at 1,000 pages, 31,000 at 8,000. */
slm_status slm_zone_for_each(slm_zone *zone, slm_object_visitor visitor, void *SLM_NULLABLE context);
/** Visits every live object of a cache. @see slm_zone_for_each */
slm_status slm_cache_for_each(slm_cache *cache, slm_object_visitor visitor, void *SLM_NULLABLE context);
/** Reports every live object to the visitor, as slm_zone_for_each(), and destroys the zone, as slm_zone_destroy(). When
 *  the visitor returns false, the rest is not reported. A zone that cannot be destroyed is not walked.
 *  Provider: release_page and release_run are called. Interrupt: no. Cost: of both. @see slm_zone_destroy */
slm_status slm_zone_destroy_with(slm_zone *zone, slm_object_visitor visitor, void *SLM_NULLABLE context,
                                 size_t *SLM_NULLABLE live);
/** Reports every live object, and destroys the cache. @see slm_zone_destroy_with */
slm_status slm_cache_destroy_with(slm_cache *cache, slm_object_visitor visitor, void *SLM_NULLABLE context,
                                  size_t *SLM_NULLABLE live);
/** Visits every object of a heap that is live from the start of the walk to the end and is not resized, once; those of
 *  all threads. Objects that are allocated or deallocated meanwhile are visited at most once, and only while they are
 *  live. The order is any.
 *
 *  No lock is held while the visitor runs. It may do anything with the heap; if it destroys it, the walk ends. Other
 *  threads may use the heap as ever. An object that another thread may deallocate must not be read without a lock of
 *  yours.
 *  @return #SLM_OK, also if the visitor ended the walk; #SLM_ERR_NOT_INITIALIZED, also if the heap ended meanwhile.
 *  Interrupt: no. Cost: for each object a lock and some 100 instructions; a step for each slab and large object of the
 *  process, 256 of them with the lock held. */
slm_status slm_heap_for_each(slm_heap *heap, slm_object_visitor visitor, void *SLM_NULLABLE context);
/** Reports every live object to the visitor, as slm_heap_for_each(), and destroys the heap, as slm_heap_destroy(). When
 *  the visitor returns false, the rest is not reported. @see slm_heap_destroy */
slm_status slm_heap_destroy_with(slm_heap *heap, slm_object_visitor visitor, void *SLM_NULLABLE context,
                                 size_t *SLM_NULLABLE live);
/** @} */
/** @defgroup registries Registry
 *  A list of zones and caches, kept by you, which prints itself as a table. No zone needs one.
 *
 *  One thread at a time uses a registry. The zones in it are used as ever meanwhile, but are not to be destroyed while
 *  the registry is walked or printed. Interrupt: no. Provider: is not called.
 *  @{ */
/** An entry of a registry: yours, filled with zeros at first. It stays where it is until it is removed. */
typedef struct slm_registry_entry slm_registry_entry;
/** A registry. Filled with zeros it is empty: `static slm_registry registry;`. Its fields are the library's. */
typedef struct slm_registry {
  slm_registry_entry *SLM_NULLABLE first; /**< The first entry. */
  slm_registry_entry *SLM_NULLABLE last;  /**< The last entry. */
  void *SLM_NULLABLE walks;               /**< The walks in progress. */
} slm_registry;
/** An entry of a registry, and its place among the others. */
struct slm_registry_entry {
  slm_registry_entry *SLM_NULLABLE next; /**< The library's. */
  slm_registry *SLM_NULLABLE registry;   /**< The library's. */
  void *SLM_NULLABLE allocator;          /**< The library's. */
};
/** Adds a zone behind the others. Constant time.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_IN_USE if the entry is in a registry. */
slm_status slm_registry_add_zone(slm_registry *registry, slm_registry_entry *entry, slm_zone *zone);
/** Adds a cache behind the others. @see slm_registry_add_zone */
slm_status slm_registry_add_cache(slm_registry *registry, slm_registry_entry *entry, slm_cache *cache);
/** Removes an entry, also during a walk. @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if it is not in this registry.
 *  Cost: a step for each entry. */
slm_status slm_registry_remove(slm_registry *registry, slm_registry_entry *entry);

/** A row of the table. */
typedef struct slm_registry_row {
  uint32_t struct_size;          /**< sizeof(slm_registry_row). */
  uint32_t reserved;             /**< Unused. */
  slm_zone *SLM_NULLABLE zone;   /**< The zone, or NULL. */
  slm_cache *SLM_NULLABLE cache; /**< The cache, or NULL. */
  const char *SLM_NULLABLE name; /**< slm_options.name. */
  uint64_t objects_live;         /**< Slots handed out and not yet deallocated. */
  uint64_t slots;                /**< Slots of all slabs, and objects with a run of their own. */
  uint64_t slabs;                /**< Slabs, empty ones included. */
  uint64_t bytes_live;           /**< Bytes of the live slots, and of the live objects' runs. */
  uint64_t bytes_held;           /**< Bytes of the pages held. */
  uint64_t bytes_peak;           /**< The most that bytes_held ever was. */
} slm_registry_row;
/** Visits an entry. It may add and remove entries. @return whether the walk goes on. */
typedef bool (*slm_registry_visitor)(void *SLM_NULLABLE context, const slm_registry_row *row);
/** Visits the entries in their order. An allocator that is not initialised, or no longer, is skipped.
 *  @return #SLM_OK. Cost: for each entry as slm_zone_statistics(), twice. No lock is held while the visitor runs. */
slm_status slm_registry_for_each(slm_registry *registry, slm_registry_visitor visitor, void *SLM_NULLABLE context);
/** Writes a piece of text, of length bytes and without a 0 at the end. No lock is held. */
typedef void (*slm_text_writer)(void *SLM_NULLABLE context, const char *text, size_t length);
/** Writes the table: a line of headings and one for each entry, with the columns OBJECTS (live), SLOTS, SLABS, BYTES
 *  (held), FILL (the live ones among these, in percent), PEAK (the most bytes held) and NAME (- for none).
 *  @return #SLM_OK. @see slm_registry_for_each */
slm_status slm_registry_print(slm_registry *registry, slm_text_writer write, void *SLM_NULLABLE context);
/** @} */
/** @defgroup reports Reports
 *  What the process, a heap, a zone or a cache holds, printed as a table or as JSON, by a writer of yours.
 *
 *  In each row held = live + free + metadata + dirty + clean, in bytes. The row of totals is the sum of the others.
 *  Both are exact while no other thread uses the memory. The guide "Programs" explains every word. The JSON has a
 *  schema, statistics.schema.json. No content of an object is printed. Interrupt: no.
 *
 *  Freestanding archives have slm_zone_print() and slm_cache_print() in an object of their own, which the linker leaves
 *  out unless one of them is called.
 *  @{ */
/** The form of a report: a table, one line a row. */
#define SLM_TEXT ((uint32_t)0)
/** The form of a report: JSON, one line for the whole report. */
#define SLM_JSON ((uint32_t)1)
/** Prints what the process holds. Hosted builds only. @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT for another form.
 *  Cost: as slm_process_class_statistics() for all classes at once, and 6 KiB of stack. */
slm_status slm_process_print(uint32_t form, slm_text_writer write, void *SLM_NULLABLE context);
/** Prints what a heap holds, over all threads: its slabs and large objects. Hosted builds only.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT for another form. @see slm_process_print */
slm_status slm_heap_print(slm_heap *heap, uint32_t form, slm_text_writer write, void *SLM_NULLABLE context);
/** Prints what a zone holds. The writer may use the zone; if it destroys it, the report ends.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT for another form.
 *  Cost: as slm_zone_class_statistics() for each class. */
slm_status slm_zone_print(const slm_zone *zone, uint32_t form, slm_text_writer write, void *SLM_NULLABLE context);
/** Prints what a cache holds. @see slm_zone_print */
slm_status slm_cache_print(const slm_cache *cache, uint32_t form, slm_text_writer write, void *SLM_NULLABLE context);
/** @} */
/** @defgroup samples Heap profile
 *  Which call stacks allocated what, known from samples. Hosted builds only.
 *
 *  One object in so many bytes is a *sample*, on average: each byte has the same chance. A sample counts the bytes of
 *  its slot, or of its pages if it is large, and stands for 1 / (1 - exp(-bytes / rate)) objects. Samples are of the
 *  functions of "Malloc", not of heaps of slm_heap_create(). SLABMALLOC_SAMPLE starts a profile before main, and writes
 *  it to a file at the end.
 *
 *  Cost: none while nothing is sampled. Else some 20 instructions for each allocation, and some 1400 for a sample whose
 *  call stack is known. Memory: at most 70 MiB, about 40 bytes a live sample and 300 a call stack. Call stacks come
 *  from the C library's backtrace(): without it they are empty. Threads: any. Interrupt: no.
 *  @{ */
/** The text that google-pprof, jeprof and pprof read: live and allocated samples. */
#define SLM_SAMPLE_TEXT ((uint32_t)0)
/** The same text, with the samples that were live when most bytes were, in place of those that are live. */
#define SLM_SAMPLE_PEAK_TEXT ((uint32_t)1)
/** The message of pprof's profile.proto, not compressed: allocated, live, and live at the peak, objects and bytes. */
#define SLM_SAMPLE_PPROF ((uint32_t)2)
/** Starts an empty profile of what all threads allocate from now on. May allocate.
 *  @param rate bytes from one sample to the next on average, 1 to 2^40; 512 KiB is usual.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT for another rate; #SLM_ERR_IN_USE if a profile was started and not
 *  stopped; #SLM_ERR_OUT_OF_MEMORY. Cost: a step for each slab and large object of the process. */
slm_status slm_sample_start(size_t rate);
/** Takes no more samples. The profile stays; objects that are freed still leave it.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED if nothing is sampled. @see slm_sample_start */
slm_status slm_sample_stop(void);
/** Writes the profile. The writer may allocate and free. Exact while no other thread allocates or frees.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED if no profile was ever started; #SLM_ERR_INVALID_ARGUMENT for another
 *  form. Cost: a step for each call stack, and 4 KiB of stack. */
slm_status slm_sample_dump(uint32_t form, slm_text_writer write, void *SLM_NULLABLE context);
/** @} */

#if defined(__cplusplus)
}
#endif
#if defined(__clang__)
#pragma clang diagnostic pop
#pragma clang assume_nonnull end
#endif
#endif /* SLABMALLOC_H */
