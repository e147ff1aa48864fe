/**
 * @file slabmalloc.h
 * @brief slabmalloc: a slab allocator whose only need is pages.
 *
 * You give it page frames, it gives you back objects of any size up to
 * #SLM_MAX_SIZE. Four allocators share one core:
 *
 * | family            | for                                                   | threads |
 * |-------------------|-------------------------------------------------------|---------|
 * | `slm_sc_*`        | objects of one size (a typed object cache)            | one     |
 * | `slm_zone_*`      | objects of any size                                   | one     |
 * | `slm_safe_zone_*` | objects of any size, from any thread                  | any     |
 * | `slm_smp_zone_*`  | the same, with a zone for each CPU                    | any     |
 *
 * An allocator gets its pages in two ways, which mix freely. *Push*: you hand
 * it pages with `refill` and allocate until it is out of memory. *Pull*: you
 * name a page provider (#slm_page_provider) and it takes pages by itself.
 *
 * Terms. A *slab* is a page carved into *slots* of one *size class*. A *base
 * page* is 4, 16 or 64 KiB, chosen per allocator; a *large page* is 2 MiB.
 * Sizes and alignments are in bytes throughout; pages are aligned to their
 * own size.
 *
 * Every misuse that the functions list under "errors" is found always, not in a
 * debug build only: the call returns a status below 0 and changes nothing.
 * Freed memory is never written, so a use after free can't corrupt the
 * allocator. No function sets `errno`.
 *
 * Which free slot of a size class is handed out next is not specified.
 *
 * Swift can't import the storage structs, which are over-aligned: allocate slm_zone_storage_size() bytes aligned to 64.
 *
 * Contexts. "Interrupt" below says whether a function may be called from an
 * interrupt or signal handler *that did not interrupt a call on the same
 * allocator*. Functions that may call the page provider may be called only where
 * the provider may.
 */
#ifndef SLABMALLOC_H
#define SLABMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
#elif defined(__GNUC__) && !defined(__TINYC__)
#define SLM_MALLOC(deallocator, n) __attribute__((warn_unused_result, malloc))
#else
#define SLM_MALLOC(deallocator, n)
#endif

/** @name Version
 *  The version of this header; slm_version() is that of the library linked. @{ */
/** Changes when programs must be. */
#define SLM_VERSION_MAJOR 0
/** Changes when something is added. */
#define SLM_VERSION_MINOR 2
/** Changes when something is mended. */
#define SLM_VERSION_PATCH 0
/** (major << 16) | (minor << 8) | patch. */
#define SLM_VERSION ((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)
/** @} */

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
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wfixed-enum-extension"
#pragma clang diagnostic ignored "-Wc23-extensions"
#else
/** The pointer may be NULL. */
#define SLM_NULLABLE
/** The pointer must not be NULL. */
#define SLM_NONNULL
#endif

/**
 * Define SLM_SMALL before this header in programs that link libslabmalloc-small.a, the freestanding library for machines that count bytes:
 * at most 16 KiB of code and 2 KiB for a zone. Zones, size-class allocators and regions are used as always, but objects and
 * alignments go up to 2 KiB, there are two size classes per doubling, and no large pages. It lacks safe zones, SMP zones, Swift's heap,
 * batches, reserves, statistics and slm_status_name().
 */
#if defined(SLM_SMALL)
#define SLM_MAX_SIZE ((size_t)2048)
#else
/** The largest size that can be allocated: 136 KiB, of which a large page holds 15. With #SLM_SMALL 2 KiB. */
#define SLM_MAX_SIZE ((size_t)139264)
#endif
/** The largest alignment that can be asked for, and the size of a large page: 2 MiB. */
#define SLM_LARGE_PAGE_SIZE ((size_t)2097152)

/** @name Statuses
 *  What a call came to: #SLM_OK is 0, errors are below 0. New statuses may be added; a number never changes its meaning.
 *  @{ */

/** Every status: its name, number and meaning. The one place where they are written. */
#define SLM_STATUSES(X) \
  X(SLM_OK, 0, "success") \
  X(SLM_ERR_OUT_OF_MEMORY, -1, "no slot is free and no page can be had: refill, or try again later") \
  X(SLM_ERR_INVALID_LAYOUT, -2, "the size is too large, or the alignment is not a power of two or too large") \
  X(SLM_ERR_INVALID_ARGUMENT, -3, "a NULL that is not allowed, an unknown flag, a value out of range, or a struct_size too small") \
  X(SLM_ERR_NOT_INITIALIZED, -4, "the zone, cache or heap was not made, or was destroyed") \
  X(SLM_ERR_BAD_PAGE, -5, "the page is NULL, misaligned, or wraps around the end of the address space") \
  X(SLM_ERR_WRONG_PAGE_SIZE, -6, "the page does not have the size that the layout needs") \
  X(SLM_ERR_PAGE_OWNED, -7, "the page, or a part of it, already belongs to this or to another allocator") \
  X(SLM_ERR_FOREIGN_POINTER, -8, "the pointer is not into memory that this allocator owns") \
  X(SLM_ERR_INTERIOR_POINTER, -9, "the pointer is into a slab or object of this allocator, but not to the start of an object") \
  X(SLM_ERR_DOUBLE_FREE, -10, "the object was already deallocated") \
  X(SLM_ERR_LAYOUT_MISMATCH, -11, "the object was allocated with another size or alignment") \
  X(SLM_ERR_REENTRANT, -12, "the page provider called back, and the inner call needed another page") \
  X(SLM_ERR_NO_PROVIDER, -13, "pages are left and there is no provider to take them back") \
  X(SLM_ERR_CANNOT_RESIZE, -14, "the object cannot have the new size where it is") \
  X(SLM_ERR_OVERFLOW, -15, "memory past the end of an object or page was written (profile hardened)") \
  X(SLM_ERR_WRITE_AFTER_FREE, -16, "memory was written while it was free (profile hardened)")

#define SLM_STATUS_VALUE(name, value, meaning) name = value,
#if defined(__cplusplus) || defined(__clang__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
/** What a call came to, 32 bits wide on every machine. Debuggers show its name. */
typedef enum slm_status : int32_t { SLM_STATUSES(SLM_STATUS_VALUE) } slm_status;
#else
typedef int32_t slm_status;
enum { SLM_STATUSES(SLM_STATUS_VALUE) };
#endif
#undef SLM_STATUS_VALUE

/** @} */

/**
 * The name of a status, as text: "SLM_OK", "SLM_ERR_DOUBLE_FREE", ...
 * @return a string that lives for ever; "SLM_ERR_UNKNOWN" for a number that is no status.
 * Provider: never called. Interrupt: yes. Cost: constant.
 */
const char *SLM_NONNULL slm_status_name(slm_status status);

/** The version of the library linked, in the form of #SLM_VERSION.
 *  Provider: never called. Interrupt: yes. Cost: constant. */
uint32_t slm_version(void);

/* ------------------------------------------------------------------------ */
/** @name Page providers
 *  Where pages come from. @{ */

/**
 * A page provider: two functions and their context.
 *
 * The allocator copies the struct; the context must outlive the allocator. A
 * provider is never called with a lock held, and may call back into the
 * allocator that called it: what can be served without another page is
 * served, else the inner call gets #SLM_ERR_REENTRANT.
 */
typedef struct slm_page_provider {
  /** sizeof(slm_page_provider). */
  uint32_t struct_size;
  /** The base page size it serves: 4096, 16384 or 65536; 0 if it serves any. */
  uint32_t page_size;
  /** Passed to both functions. */
  void *SLM_NULLABLE context;
  /**
   * Gives a page of page_size bytes, aligned to page_size, or NULL. page_size is
   * the allocator's base page size or #SLM_LARGE_PAGE_SIZE. The content does not matter.
   * NULL here makes a provider that only takes pages back: for push use.
   */
  void *SLM_NULLABLE (*SLM_NULLABLE allocate_page)(void *SLM_NULLABLE context, size_t page_size);
  /** Takes back a page. Called only with pages the allocator got, from here or by refill: a provider of an allocator
   *  that is refilled too must know which pages are its own. slabmalloc's own providers ignore other pages: take such
   *  pages out again with a reclaim_page function. */
  void (*SLM_NULLABLE release_page)(void *SLM_NULLABLE context, void *SLM_NONNULL page, size_t page_size);
} slm_page_provider;

/** The ledger of a provider. Pages out = taken - given back. */
typedef struct slm_provider_statistics {
  /** sizeof(slm_provider_statistics), set by the caller. */
  uint32_t struct_size;
  /** Not used. */
  uint32_t reserved;
  /** Base pages handed out, ever. */
  uint64_t base_pages_taken;
  /** Base pages that came back, ever. */
  uint64_t base_pages_given_back;
  /** Large pages handed out, ever. */
  uint64_t large_pages_taken;
  /** Large pages that came back, ever. */
  uint64_t large_pages_given_back;
} slm_provider_statistics;

/**
 * The provider that takes pages from the operating system with mmap: base pages of
 * 64 KiB, and large pages. One for the process, safe for any thread. Pages that come back
 * lose their memory at once (MADV_DONTNEED); address space goes back when 32 MiB are idle.
 * Each 32 MiB start with memory that can't be touched, so that a write over the end of what lies below, or before the first page, faults.
 * Provider: never called. Interrupt: yes. Cost: constant. Hosted builds only.
 */
slm_page_provider slm_mmap_provider(void);

/** The ledger of slm_mmap_provider().
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if out is NULL or its struct_size too small.
 *  Provider: never called. Interrupt: no (takes a lock). Cost: constant. */
slm_status slm_mmap_statistics(slm_provider_statistics *SLM_NULLABLE out);

/** A region: a buffer of yours out of which base and large pages are carved. */
typedef struct slm_region slm_region;

/**
 * Makes a region of a buffer you own.
 *
 * The region's own state takes the first bytes of the buffer (at most 320, and for each 2 MiB 32 and a bit for each base page,
 * at least 8 bytes); it needs nothing else. Base pages come from the 2 MiB blocks of which the least is free (one of those that
 * have less than twice as many free pages as the fullest), so that whole ones stay whole for large pages.
 * @param buffer any address; bytes before the first page boundary are not used.
 * @param size bytes.
 * @param page_size 4096, 16384 or 65536.
 * @return NULL if a pointer or page_size is wrong, the buffer wraps the address space, or it can't hold
 *         the state and one page.
 * Threads: one at a time for all of a region's functions; but the provider of slm_region_provider() takes the
 * region's own lock, so allocators on several threads may share it, also while slm_region_add() or
 * slm_region_fragmentation_get() runs. Interrupt: no.
 * Cost: a step for each 2 MiB, and one for each 64 base pages.
 */
slm_region *SLM_NULLABLE slm_region_init(void *SLM_NULLABLE buffer, size_t size, size_t page_size);

/**
 * Adds one more range of memory to a region, next to the others or with a hole between, such as a machine's memory map has.
 * No page lies in two ranges, and the range's own state takes its first bytes, as in slm_region_init() (at most 72, and
 * the same for each 2 MiB).
 * @param start any address.
 * @param size bytes.
 * @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if start is NULL or the range can't hold its state and one page, #SLM_ERR_BAD_PAGE if
 *         it wraps the address space, #SLM_ERR_PAGE_OWNED if it overlaps a range that the region has. Then it was not written.
 * Provider: never called. Interrupt: no. Cost: a step for each range, for each 2 MiB, and for each 64 base pages; the lock is
 * held for a step at a time.
 */
slm_status slm_region_add(slm_region *SLM_NONNULL region, void *SLM_NULLABLE start, size_t size);

/** The provider that carves pages out of a region. Cost of a page: at most some 100 instructions to take one, however large
 *  the region is, and a step for each range to give one back. What is no page that was taken is ignored. Interrupt:
 *  as the lock of the region, which is held with interrupts disabled (slm_port_disable_interrupts()); not in hosted builds. */
slm_page_provider slm_region_provider(slm_region *SLM_NONNULL region);

/** The ledger of a region. @see slm_mmap_statistics */
slm_status slm_region_statistics(slm_region *SLM_NONNULL region, slm_provider_statistics *SLM_NULLABLE out);

/** How many pages of page_size (the region's base page size or #SLM_LARGE_PAGE_SIZE) could be taken now;
 *  0 for any other page_size. Cost: constant. */
size_t slm_region_available(slm_region *SLM_NONNULL region, size_t page_size);

/** How broken the free memory of a region is. */
typedef struct slm_region_fragmentation {
  /** sizeof(slm_region_fragmentation), set by the caller. */
  uint32_t struct_size;
  /** Not used. */
  uint32_t reserved;
  /** In free pages, all of them. */
  uint64_t free_bytes;
  /** Of those, the most that lie in one piece. */
  uint64_t largest_free_run;
  /** Large pages that could be taken now. Of free memory that nothing breaks there are free_bytes / #SLM_LARGE_PAGE_SIZE. */
  uint64_t large_pages_free;
} slm_region_fragmentation;

/** Counts how broken the free memory of a region is. While pages come and go the figures are of different moments.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if out is NULL or its struct_size too small.
 *  Provider: never called. Interrupt: no. Cost: a step for each 2 MiB, and for one that is broken a step for each 64 base
 *  pages and each hole; the lock is held for one of 2 MiB at a time. */
slm_status slm_region_fragmentation_get(slm_region *SLM_NONNULL region, slm_region_fragmentation *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Options, flags, statistics
 *  @{ */

/** How an allocator is set up. All zero but struct_size is the default. */
typedef struct slm_options {
  /** sizeof(slm_options). */
  uint32_t struct_size;
  /** Base page size: 4096, 16384 or 65536. 0: the provider's, or 4096. */
  uint32_t page_size;
  /** The profile: 0 for checked, #SLM_FAST or #SLM_HARDENED, not both. */
  uint64_t flags;
  /** Where pages come from and go to; all zero for push use. */
  slm_page_provider provider;
} slm_options;

/** Options with a provider, every other field at its default. `SLM_OPTIONS(slm_mmap_provider())` */
#if defined(__cplusplus)
#define SLM_OPTIONS(provider) (slm_options{(uint32_t)sizeof(slm_options), 0, 0, (provider)})
#else
#define SLM_OPTIONS(provider) ((slm_options){(uint32_t)sizeof(slm_options), 0, 0, (provider)})
#endif

/** @name Profiles
 *  How much an allocator checks, in slm_options.flags. Each double free, foreign and interior pointer is found in all of
 *  them, exactly: that costs 2 to 5 %. Not in the small library, which has only the default: there both flags are refused.
 *  @{ */
/**
 * Profile fast: leaves out what costs extra. Deallocations with a size or an alignment don't look at these, and are as
 * slm_zone_deallocate(): neither #SLM_ERR_LAYOUT_MISMATCH nor #SLM_ERR_INVALID_LAYOUT. All else is as without a flag. In a zone it saves
 * nothing yet, since the size also finds the class faster: it is a promise that a wrong size is no error.
 */
#define SLM_FAST ((uint64_t)1)
/**
 * Profile hardened: for what handles data of strangers. About nine times the instructions for a small object, more for a
 * large one, which is cleared, and more memory.
 *
 * - Each slot ends with a canary, a secret word (8 bytes, 4 on 32 bits) of the zone's, which is checked when the object is freed,
 *   resized or reallocated: what was written behind its usable size gives #SLM_ERR_OVERFLOW. The object stays live and as it is. Its first
 *   byte is never 0, so a string that is one too long is found always; another byte is missed if it is the canary's, once in 224.
 *   So an object may have #SLM_MAX_SIZE less the canary, and its size class is that of its size and a canary.
 * - Each page has two guards more, words before and behind what the zone keeps at its end. They are checked whenever something of the
 *   page is allocated, freed, resized or reallocated: what was written over the end of the page, or below the start of the one that
 *   follows, gives #SLM_ERR_OVERFLOW, and nothing changes. Allocations of that size fail so as long as it is that page's turn.
 * - A freed slot is cleared at once, with its canary, and reads as zero until it is handed out. Memory is handed out so, zeroed.
 * - Then the whole slot must still be zero. If not, the allocation fails with #SLM_ERR_WRITE_AFTER_FREE (those without a status return NULL,
 *   a batch ends), and the slot is not used any more, nor its page given back before the zone ends. The next call tries another slot. A
 *   write to a page that has become empty is not found if the page leaves its size class before.
 * - A freed slot waits in a quarantine of its class: 16 in random order, then 16 in turn, of up to 128 bytes; 8 and 8 up to 1024 bytes, 4 and 4 up to
 *   8 KiB, 1 and 1 above. Those are free: not counted as live, and a second free is found. Reclaim and reserve functions, and an allocation that
 *   would fail, end the quarantine.
 * - Which free slot of a page is handed out is random.
 *
 * How well canary and order are hidden depends on the platform: getrandom(2), or slm_port_random(). Random numbers are not of
 * cryptographic strength, and who can read beyond an object can learn the secret. Clearing is done with the lock held.
 */
#define SLM_HARDENED ((uint64_t)2)
/** @} */

/** For `allocate_with`: the memory reads as zero. */
#define SLM_ZEROED ((uint32_t)1)
/** For `allocate_with`: the page provider is not called. What the allocator holds is all there is: free slots, and empty
 *  pages of other size classes, which it carves anew. The cost is bounded: see slm_zone_allocate_with(). */
#define SLM_NOWAIT ((uint32_t)2)

/** How many pages a reclaim gave back. */
typedef struct slm_reclaimed {
  /** Base pages. */
  size_t base_pages;
  /** Large pages. */
  size_t large_pages;
} slm_reclaimed;

/**
 * What an allocator holds. Equations:
 * pages held = taken - given back = sum over classes of their pages, + table pages;
 * bytes_live = sum over classes of slots_live * slot_size.
 */
typedef struct slm_statistics {
  /** sizeof(slm_statistics), set by the caller. */
  uint32_t struct_size;
  /** Size classes, for slm_zone_class_statistics(). */
  uint32_t class_count;
  /** Base pages that came in, by refill or from the provider, ever. */
  uint64_t base_pages_taken;
  /** Base pages that went out, ever. */
  uint64_t base_pages_given_back;
  /** Large pages that came in, ever. */
  uint64_t large_pages_taken;
  /** Large pages that went out, ever. */
  uint64_t large_pages_given_back;
  /** Of the pages held, those that the allocator uses to find its other pages. */
  uint64_t table_pages;
  /** Slots handed out and not yet deallocated. */
  uint64_t slots_live;
  /** Their bytes, counted by slot. */
  uint64_t bytes_live;
  /** Slots of a hardened zone that are never handed out again, as somebody wrote to them while they were free, or over the edge of their
   *  page; those in quarantine are free. Not in the first version of the struct, which ends here and may still be passed. */
  uint64_t slots_retired;
} slm_statistics;

/** One size class of an allocator. */
typedef struct slm_class_statistics {
  /** sizeof(slm_class_statistics), set by the caller. */
  uint32_t struct_size;
  /** Bytes a slot has. */
  uint32_t slot_size;
  /** Size of the pages this class is carved from. */
  uint64_t page_size;
  /** Slots that one page gives. */
  uint64_t slots_per_page;
  /** Pages held. */
  uint64_t pages;
  /** Of those, pages without a live slot. */
  uint64_t empty_pages;
  /** Slots handed out and not yet deallocated. */
  uint64_t slots_live;
} slm_class_statistics;
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Zone: objects of any size, one thread at a time
 *  @{ */

/** A zone. Its memory is yours: see #slm_zone_storage. */
typedef struct slm_zone slm_zone;

/** Bytes of #slm_zone_storage, at least what slm_zone_storage_size() says. */
#if defined(SLM_SMALL)
#define SLM_ZONE_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 2048 : 1408)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_ZONE_STORAGE_SIZE 12288
#else
#define SLM_ZONE_STORAGE_SIZE 7168
#endif
/** Memory for a zone, static or not. Zero-filled memory is a zone that is not initialised. */
typedef struct slm_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE];
} slm_zone_storage;

/** Bytes of storage that a zone needs, 64-aligned. Only a hardened zone needs all of them. Provider: never called. Interrupt: yes. Cost: constant. */
size_t slm_zone_storage_size(void);

/**
 * Makes a zone in your storage. Takes no page yet. With a #slm_zone_storage and options NULL it can't fail.
 * @param storage 64-aligned; it must stay where it is until slm_zone_destroy().
 * @param storage_size bytes, at least slm_zone_storage_size().
 * @param options NULL for 4 KiB base pages and no provider.
 * @return the zone, at the address of storage; NULL if storage is NULL, misaligned or too small, or options are
 *         not valid (struct_size, page_size that is not 4096/16384/65536 or not the provider's, unknown flags,
 *         allocate_page without release_page).
 * Provider: never called. Interrupt: yes. Cost: proportional to the storage size.
 */
slm_zone *SLM_NULLABLE slm_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                     const slm_options *SLM_NULLABLE options);

/**
 * Gives every page back to the provider and ends the zone. Objects still live go with it.
 * @param live if not NULL, gets the number of slots that were still live.
 * @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_NO_PROVIDER if the zone holds pages and has no release_page (the
 *         zone stays as it is: take the empty pages with slm_zone_reclaim_page() first). A provider that calls back finds
 *         the zone not initialised.
 * Provider: release_page is called. Interrupt: no. Cost: proportional to the pages held.
 */
slm_status slm_zone_destroy(slm_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);

/**
 * The size of page that a layout's size class is carved from: what slm_zone_refill() must be given.
 * @return the base page size or #SLM_LARGE_PAGE_SIZE; 0 if the layout is invalid or the zone not initialised.
 * Provider: never called. Interrupt: yes. Cost: constant.
 */
size_t slm_zone_page_size(const slm_zone *SLM_NONNULL zone, size_t alignment, size_t size);

/**
 * Hands a page to the size class of a layout. The page must be yours to give; it is the zone's until it is given back.
 * @param page aligned to page_size.
 * @param page_size slm_zone_page_size(zone, alignment, size).
 * @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_INVALID_LAYOUT, #SLM_ERR_BAD_PAGE, #SLM_ERR_WRONG_PAGE_SIZE,
 *         #SLM_ERR_PAGE_OWNED. On error the page is still yours and was not written. (That another allocator owns
 *         it is found when that one holds it as a page of the same size.)
 * Provider: never called. Interrupt: yes. Cost: proportional to the bitmap of a page (at most 128 words), and for a
 * large page to the base pages in 2 MiB.
 */
slm_status slm_zone_refill(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                           size_t page_size);

/**
 * Allocates size bytes, aligned for any object of that size (to 8 up to 8 bytes, else to 16).
 * @param size 0 is served as 1.
 * @return the memory, not cleared; NULL if out of memory or size is above #SLM_MAX_SIZE (slm_zone_allocate_with() says
 *         which).
 * Provider: may be called (allocate_page). Interrupt: yes, if the provider may be.
 * Cost: 19 instructions up to 1024 bytes and about 40 above; for one in up to 64 allocations about 80 more; when the
 * class has no free slot, an empty page of another class, else a provider call and a refill. If a few slots are free on
 * each of several nearly full pages a page is taken before: that is at most a sixteenth more than the objects need.
 */
void *SLM_NULLABLE slm_zone_allocate(slm_zone *SLM_NONNULL zone, size_t size);

/** Allocates size bytes that read as zero. As slm_zone_allocate(), and the time to clear them. */
void *SLM_NULLABLE slm_zone_allocate_zeroed(slm_zone *SLM_NONNULL zone, size_t size);

/**
 * Allocates size bytes aligned to alignment.
 * @param alignment a power of two up to #SLM_LARGE_PAGE_SIZE.
 * @return the memory; NULL if out of memory or the layout is invalid.
 * Provider: may be called. Interrupt: yes, if the provider may be.
 * Cost: some 30 instructions more than slm_zone_allocate(); for an alignment above 16 KiB that is also above the size, a
 * search of the class's pages for a free slot whose address fits.
 */
void *SLM_NULLABLE slm_zone_allocate_aligned(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size);

/**
 * Allocates and says why not.
 * @param flags 0, or #SLM_ZEROED and #SLM_NOWAIT joined by |.
 * @param out gets the memory, or NULL on error.
 * @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_LAYOUT, #SLM_ERR_INVALID_ARGUMENT,
 *         #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_REENTRANT; #SLM_ERR_BAD_PAGE or #SLM_ERR_PAGE_OWNED if the provider gave a page that the zone must
 *         refuse (a misaligned one goes back to it; one that is owned is left alone).
 * Provider: may be called; never with #SLM_NOWAIT. Interrupt: yes, if the provider may be; with #SLM_NOWAIT always.
 * Cost: as slm_zone_allocate_aligned(). With #SLM_NOWAIT at most three steps for each size class and one for each 64 slots of a
 * page, some 3,000 instructions when it fails; but for an alignment above 16 KiB that is also above the size the search stays.
 */
slm_status slm_zone_allocate_with(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out);

/**
 * Allocates up to count objects of size bytes at once.
 * @param out gets the pointers, out[0] to out[result - 1].
 * @return how many: less than count only when out of memory; 0 for an invalid size.
 * Provider: may be called. Interrupt: yes, if the provider may be. Cost: proportional to count.
 */
size_t slm_zone_allocate_batch(slm_zone *SLM_NONNULL zone, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out);

/**
 * Gives an object back. The pointer is checked before anything near it is read.
 * @param pointer NULL is allowed and does nothing.
 * @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_FOREIGN_POINTER, #SLM_ERR_INTERIOR_POINTER,
 *         #SLM_ERR_DOUBLE_FREE. On error nothing changes.
 * Provider: never called. Interrupt: yes.
 * Cost: 38 instructions (10 for the object that was allocated last), about 45 on a large page; when a page becomes
 * empty or is no longer full about 40 more. In a zone without a provider that holds more than 64 pages of a size, a step
 * more for every 64.
 */
slm_status slm_zone_deallocate(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);

/**
 * Gives an object back and checks that it was allocated with this size (C23's free_sized).
 * @return as slm_zone_deallocate(), and #SLM_ERR_LAYOUT_MISMATCH, #SLM_ERR_INVALID_LAYOUT.
 */
slm_status slm_zone_deallocate_sized(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);

/** Gives an object back and checks its alignment and size (C23's free_aligned_sized). @see slm_zone_deallocate_sized */
slm_status slm_zone_deallocate_aligned_sized(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t alignment,
                                             size_t size);

/**
 * Gives count objects back. NULLs are skipped. All that are valid are given back, also after a bad one.
 * @param done if not NULL, gets the number of objects given back.
 * @return #SLM_OK, or the status of the first that was refused.
 * Provider: never called. Interrupt: yes. Cost: proportional to count.
 */
slm_status slm_zone_deallocate_batch(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE const *SLM_NONNULL pointers,
                                     size_t count, size_t *SLM_NULLABLE done);

/**
 * Changes the size of an object: in place if the new size is of the same size class, else by moving it.
 * @param pointer NULL allocates.
 * @param size 0 is served as 1 (it does not deallocate).
 * @return the object, perhaps elsewhere; NULL on failure, and then the object is as it was: out of memory, size above
 *         #SLM_MAX_SIZE, or a pointer that slm_zone_deallocate() would refuse.
 * Provider: may be called. Interrupt: yes, if the provider may be. Cost: an allocation, a copy and a deallocation.
 */
void *SLM_NULLABLE slm_zone_reallocate(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);

/** Changes the size of an object that was allocated with an alignment, and keeps the alignment.
 *  @see slm_zone_reallocate */
void *SLM_NULLABLE slm_zone_reallocate_aligned(slm_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size);

/**
 * Changes the size of an object without moving it.
 * @return #SLM_OK if the slot holds size bytes; #SLM_ERR_CANNOT_RESIZE if not; the errors of slm_zone_deallocate(), and
 *         #SLM_ERR_INVALID_ARGUMENT for NULL.
 * The sized deallocation functions take the size it was allocated with or last reallocated to, unless the new
 * size is of the same size class. Provider: never called. Interrupt: yes. Cost: about 40 instructions.
 */
slm_status slm_zone_resize(slm_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);

/** Bytes that the object's slot has, all of them yours to use; 0 if the pointer is not a live object of the zone.
 *  Provider: never called. Interrupt: yes. Cost: about 40 instructions. */
size_t slm_zone_usable_size(const slm_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);

/** The size that an allocation of size bytes really gets; asking for it wastes nothing. 0 if size is above the largest
 *  or the zone is not initialised.
 *  Provider: never called. Interrupt: yes. Cost: constant. */
size_t slm_zone_good_size(const slm_zone *SLM_NONNULL zone, size_t size);

/** Whether an address is in a page that the zone has for objects, in use or not. Reads nothing near the address.
 *  Provider: never called. Interrupt: yes. Cost: about 20 instructions. */
bool slm_zone_owns(const slm_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);

/**
 * Takes pages, so that allocations that are to come can't fail: after #SLM_OK the next count allocations of the layout's size
 * class succeed, whatever else is allocated, reclaimed, or refused by the provider meanwhile, and with #SLM_NOWAIT too.
 *
 * The reserve is a number of empty pages, enough for count slots. Allocations of the class take from it when nothing else is
 * left, deallocations fill it up again. While it is not more than full, no page of the class that becomes empty is carved for
 * another class or reclaimed. So it also holds for later that allocations of the class succeed as long as there are at most
 * count more objects of the class than the fewest that there were since the call.
 *
 * A class has one reserve; another call for the class sets another one.
 * @param count of allocations with this alignment or a smaller one; 0 ends the reserve, and its pages are as any others.
 * @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_INVALID_LAYOUT; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_REENTRANT,
 *         #SLM_ERR_BAD_PAGE, #SLM_ERR_PAGE_OWNED as of slm_zone_allocate_with(): then the reserve is what it was, and pages
 *         that were taken stay in the zone as empty ones. Without a provider only what is empty already can be reserved.
 * Provider: may be called (allocate_page), once for each page. Interrupt: if the provider may be.
 * Cost: for each page a provider call and a refill, some 3,000 instructions for base pages of 64 KiB.
 */
slm_status slm_zone_reserve(slm_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);

/**
 * Gives empty pages back to the provider, but none of a reserve. A page that held the table of a zone's pages goes too when it is not needed.
 * @param max_base_pages at most so many base pages; SIZE_MAX for all.
 * @param max_large_pages at most so many large pages.
 * @param out if not NULL, gets how many went.
 * @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_NO_PROVIDER without release_page.
 * Provider: release_page is called. Interrupt: if the provider may be.
 * Cost: proportional to the pages given back, and a step for each size class.
 */
slm_status slm_zone_reclaim(slm_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                            slm_reclaimed *SLM_NULLABLE out);

/**
 * Takes one empty page of page_size out of the zone and gives it to the caller: reclaim for push use.
 * @return the page, yours again; NULL if no page of that size is empty, but for those of a reserve.
 * Provider: never called. Interrupt: yes. Cost: at most one step for each size class.
 */
void *SLM_NULLABLE slm_zone_reclaim_page(slm_zone *SLM_NONNULL zone, size_t page_size);

/** What the zone holds.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if out is NULL or its struct_size too small.
 *  Provider: never called. Interrupt: yes. Cost: proportional to the pages held. */
slm_status slm_zone_statistics(const slm_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);

/** What one size class of the zone holds. @param index from 0, by size, below slm_statistics.class_count.
 *  @return as slm_zone_statistics(), and #SLM_ERR_INVALID_ARGUMENT for an index that is no class.
 *  Provider: never called. Interrupt: yes. Cost: proportional to the pages held. */
slm_status slm_zone_class_statistics(const slm_zone *SLM_NONNULL zone, size_t index,
                                     slm_class_statistics *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Size-class allocator: objects of one size, one thread at a time
 *  A zone of one class: slots are exactly the object's size, rounded up to its alignment.
 *  What is not said here is as for the function of the same name of the zone. @{ */

/** A size-class allocator. */
typedef struct slm_sc slm_sc;

/** Bytes of #slm_sc_storage, at least what slm_sc_storage_size() says. */
#if defined(SLM_SMALL)
#define SLM_SC_STORAGE_SIZE (UINTPTR_MAX > 0xFFFFFFFF ? 576 : 384)
#elif UINTPTR_MAX > 0xFFFFFFFF
#define SLM_SC_STORAGE_SIZE 2048
#else
#define SLM_SC_STORAGE_SIZE 1024
#endif
/** Memory for a size-class allocator. */
typedef struct slm_sc_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_SC_STORAGE_SIZE];
} slm_sc_storage;

/** Bytes of storage that a size-class allocator needs, 64-aligned. */
size_t slm_sc_storage_size(void);

/** Makes an allocator of objects of one size.
 *  @param alignment a power of two up to #SLM_LARGE_PAGE_SIZE. @param size 0 is served as 1.
 *  @return as slm_zone_init(), and NULL for an invalid layout. @see slm_zone_init */
slm_sc *SLM_NULLABLE slm_sc_init(void *SLM_NULLABLE storage, size_t storage_size, size_t alignment, size_t size,
                                 const slm_options *SLM_NULLABLE options);
/** @see slm_zone_destroy */
slm_status slm_sc_destroy(slm_sc *SLM_NONNULL sc, size_t *SLM_NULLABLE live);
/** Bytes of a slot: the size given, rounded up to the alignment and to 8, but not above 1 MiB; 0 if not initialised. */
size_t slm_sc_slot_size(const slm_sc *SLM_NONNULL sc);
/** The size of page that slm_sc_refill() must be given. @see slm_zone_page_size */
size_t slm_sc_page_size(const slm_sc *SLM_NONNULL sc);
/** @see slm_zone_refill */
slm_status slm_sc_refill(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE page, size_t page_size);
/** @see slm_zone_allocate. Cost: 18 instructions. */
void *SLM_NULLABLE slm_sc_allocate(slm_sc *SLM_NONNULL sc);
/** @see slm_zone_allocate_zeroed */
void *SLM_NULLABLE slm_sc_allocate_zeroed(slm_sc *SLM_NONNULL sc);
/** @see slm_zone_allocate_with */
slm_status slm_sc_allocate_with(slm_sc *SLM_NONNULL sc, uint32_t flags, void *SLM_NULLABLE *SLM_NONNULL out);
/** @see slm_zone_allocate_batch */
size_t slm_sc_allocate_batch(slm_sc *SLM_NONNULL sc, size_t count, void *SLM_NULLABLE *SLM_NONNULL out);
/** @see slm_zone_deallocate */
slm_status slm_sc_deallocate(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE pointer);
/** Gives an object back and checks that a layout fits the slot (alignment divides it, size is at most it).
 *  @see slm_zone_deallocate_aligned_sized */
slm_status slm_sc_deallocate_aligned_sized(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE pointer, size_t alignment,
                                           size_t size);
/** @see slm_zone_deallocate_batch */
slm_status slm_sc_deallocate_batch(slm_sc *SLM_NONNULL sc, void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                   size_t *SLM_NULLABLE done);
/** @see slm_zone_usable_size */
size_t slm_sc_usable_size(const slm_sc *SLM_NONNULL sc, const void *SLM_NULLABLE pointer);
/** @see slm_zone_owns */
bool slm_sc_owns(const slm_sc *SLM_NONNULL sc, const void *SLM_NULLABLE address);
/** @see slm_zone_reserve */
slm_status slm_sc_reserve(slm_sc *SLM_NONNULL sc, size_t count);
/** @see slm_zone_reclaim */
slm_status slm_sc_reclaim(slm_sc *SLM_NONNULL sc, size_t max_base_pages, size_t max_large_pages,
                          slm_reclaimed *SLM_NULLABLE out);
/** @see slm_zone_reclaim_page */
void *SLM_NULLABLE slm_sc_reclaim_page(slm_sc *SLM_NONNULL sc, size_t page_size);
/** @see slm_zone_statistics */
slm_status slm_sc_statistics(const slm_sc *SLM_NONNULL sc, slm_statistics *SLM_NULLABLE out);
/** @see slm_zone_class_statistics, whose index is 0 here. */
slm_status slm_sc_class_statistics(const slm_sc *SLM_NONNULL sc, slm_class_statistics *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Safe zone: objects of any size, from any thread
 *  A zone behind a lock. The lock is not held while the provider runs, so the provider must be safe for as many threads
 *  as use the zone, nor while memory is cleared or copied. What is not said here is as for the zone's function of the same
 *  name. Interrupt: in freestanding builds as for the SMP zone, as the lock is held with interrupts disabled
 *  (slm_port_disable_interrupts()); in hosted ones never. Cost: as the zone's, and about 20
 *  instructions, two of them atomic, for the lock when it is free. @{ */

/** A thread-safe zone. */
typedef struct slm_safe_zone slm_safe_zone;

/** Bytes of #slm_safe_zone_storage, at least what slm_safe_zone_storage_size() says. */
#define SLM_SAFE_ZONE_STORAGE_SIZE (SLM_ZONE_STORAGE_SIZE + 64)
/** Memory for a safe zone. */
typedef struct slm_safe_zone_storage {
  SLM_ALIGNAS(64) unsigned char bytes[SLM_SAFE_ZONE_STORAGE_SIZE];
} slm_safe_zone_storage;

/** Bytes of storage that a safe zone needs, 64-aligned. */
size_t slm_safe_zone_storage_size(void);
/** @see slm_zone_init */
slm_safe_zone *SLM_NULLABLE slm_safe_zone_init(void *SLM_NULLABLE storage, size_t storage_size,
                                               const slm_options *SLM_NULLABLE options);
/** No other thread may use the zone any more. @see slm_zone_destroy */
slm_status slm_safe_zone_destroy(slm_safe_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);
/** @see slm_zone_page_size */
size_t slm_safe_zone_page_size(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size);
/** @see slm_zone_refill */
slm_status slm_safe_zone_refill(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                                size_t page_size);
/** @see slm_zone_allocate */
void *SLM_NULLABLE slm_safe_zone_allocate(slm_safe_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_allocate_zeroed */
void *SLM_NULLABLE slm_safe_zone_allocate_zeroed(slm_safe_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_allocate_aligned */
void *SLM_NULLABLE slm_safe_zone_allocate_aligned(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size);
/** @see slm_zone_allocate_with */
slm_status slm_safe_zone_allocate_with(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                       void *SLM_NULLABLE *SLM_NONNULL out);
/** @see slm_zone_allocate_batch */
size_t slm_safe_zone_allocate_batch(slm_safe_zone *SLM_NONNULL zone, size_t size, size_t count,
                                    void *SLM_NULLABLE *SLM_NONNULL out);
/** @see slm_zone_deallocate */
slm_status slm_safe_zone_deallocate(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);
/** @see slm_zone_deallocate_sized */
slm_status slm_safe_zone_deallocate_sized(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
/** @see slm_zone_deallocate_aligned_sized */
slm_status slm_safe_zone_deallocate_aligned_sized(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                  size_t alignment, size_t size);
/** @see slm_zone_deallocate_batch */
slm_status slm_safe_zone_deallocate_batch(slm_safe_zone *SLM_NONNULL zone,
                                          void *SLM_NULLABLE const *SLM_NONNULL pointers, size_t count,
                                          size_t *SLM_NULLABLE done);
/** @see slm_zone_reallocate */
void *SLM_NULLABLE slm_safe_zone_reallocate(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
/** @see slm_zone_reallocate_aligned */
void *SLM_NULLABLE slm_safe_zone_reallocate_aligned(slm_safe_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                    size_t alignment, size_t size);
/** @see slm_zone_resize */
slm_status slm_safe_zone_resize(slm_safe_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);
/** @see slm_zone_usable_size */
size_t slm_safe_zone_usable_size(slm_safe_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);
/** @see slm_zone_good_size */
size_t slm_safe_zone_good_size(slm_safe_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_owns */
bool slm_safe_zone_owns(slm_safe_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);
/** @see slm_zone_reserve */
slm_status slm_safe_zone_reserve(slm_safe_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);
/** @see slm_zone_reclaim */
slm_status slm_safe_zone_reclaim(slm_safe_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                                 slm_reclaimed *SLM_NULLABLE out);
/** @see slm_zone_reclaim_page */
void *SLM_NULLABLE slm_safe_zone_reclaim_page(slm_safe_zone *SLM_NONNULL zone, size_t page_size);
/** @see slm_zone_statistics */
slm_status slm_safe_zone_statistics(slm_safe_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);
/** @see slm_zone_class_statistics */
slm_status slm_safe_zone_class_statistics(slm_safe_zone *SLM_NONNULL zone, size_t index,
                                          slm_class_statistics *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name SMP zone: objects of any size, from any CPU
 *  A zone for each CPU, each behind a lock of its own. Which CPU calls says slm_port_context(), modulo the number of CPUs (see
 *  slabmalloc/port.h); in hosted builds threads take the place of CPUs, in the order in which they first come. It is a matter of
 *  speed alone: a caller that is moved to another CPU while it looks does no harm.
 *
 *  Objects come from the zone of the CPU that calls. When that one is out of memory, the other CPUs' zones are asked for a
 *  slot or an empty page before the call fails. Any CPU may give any object back: it goes to the zone that it came from, which
 *  is found without reading anything near the pointer. A double free is found exactly, also if two CPUs race.
 *
 *  Locks are held with interrupts disabled (slm_port_disable_interrupts()), two are never held at once, and none while
 *  the provider runs or memory is cleared or copied. The provider must be safe for all CPUs.
 *
 *  What is not said here is as for the zone's function of the same name. Interrupt: any function that does not call the
 *  provider, at any time, also in a handler that interrupts a call on the same zone: above all slm_smp_zone_allocate_with() with
 *  #SLM_NOWAIT, and slm_smp_zone_deallocate(). Those that may call the provider: if the provider may be.
 *  (Not so signal handlers in hosted builds, where nothing disables them.)
 *
 *  Cost: as the zone's, and about 40 instructions, two of them atomic, for the own lock. To free an object of another CPU's: about
 *  200 instructions, a search in the own zone and a deallocation where a page of that number was found last; else a
 *  search in each CPU's zone before. An allocation for which the own zone has no slot and the provider no page: at worst one that fails in each CPU's
 *  zone. A page that comes in is looked for in each CPU's zone. @{ */

/** An SMP zone. */
typedef struct slm_smp_zone slm_smp_zone;

/** Bytes of storage for so many CPUs as a constant, for static storage: at least what slm_smp_zone_storage_size() says. */
#define SLM_SMP_ZONE_STORAGE_SIZE(cpu_count) (512 + ((cpu_count) + 1) * SLM_SAFE_ZONE_STORAGE_SIZE)

/** Bytes of storage that an SMP zone needs for so many CPUs, 64-aligned; 0 for no CPU and for more than 65,535. */
size_t slm_smp_zone_storage_size(size_t cpu_count);
/** Makes an SMP zone in your storage.
 *  @param storage_size at least slm_smp_zone_storage_size(cpu_count). @param cpu_count of zones.
 *  @return as slm_zone_init(), and NULL for a cpu_count that can't be. @see slm_zone_init */
slm_smp_zone *SLM_NULLABLE slm_smp_zone_init(void *SLM_NULLABLE storage, size_t storage_size, size_t cpu_count,
                                             const slm_options *SLM_NULLABLE options);
/** No other CPU may use the zone any more. @see slm_zone_destroy */
slm_status slm_smp_zone_destroy(slm_smp_zone *SLM_NONNULL zone, size_t *SLM_NULLABLE live);
/** @see slm_zone_page_size */
size_t slm_smp_zone_page_size(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size);
/** Hands a page to the zone of the CPU that calls. @see slm_zone_refill */
slm_status slm_smp_zone_refill(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, void *SLM_NULLABLE page,
                               size_t page_size);
/** @see slm_zone_allocate */
void *SLM_NULLABLE slm_smp_zone_allocate(slm_smp_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_allocate_zeroed */
void *SLM_NULLABLE slm_smp_zone_allocate_zeroed(slm_smp_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_allocate_aligned */
void *SLM_NULLABLE slm_smp_zone_allocate_aligned(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size);
/** @see slm_zone_allocate_with */
slm_status slm_smp_zone_allocate_with(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, uint32_t flags,
                                      void *SLM_NULLABLE *SLM_NONNULL out);
/** @see slm_zone_allocate_batch */
size_t slm_smp_zone_allocate_batch(slm_smp_zone *SLM_NONNULL zone, size_t size, size_t count,
                                   void *SLM_NULLABLE *SLM_NONNULL out);
/** Whichever CPU allocated the object. @see slm_zone_deallocate */
slm_status slm_smp_zone_deallocate(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer);
/** @see slm_zone_deallocate_sized */
slm_status slm_smp_zone_deallocate_sized(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
/** @see slm_zone_deallocate_aligned_sized */
slm_status slm_smp_zone_deallocate_aligned_sized(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                 size_t alignment, size_t size);
/** @see slm_zone_deallocate_batch */
slm_status slm_smp_zone_deallocate_batch(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE const *SLM_NONNULL pointers,
                                         size_t count, size_t *SLM_NULLABLE done);
/** An object that moves comes to the zone of the CPU that calls. @see slm_zone_reallocate */
void *SLM_NULLABLE slm_smp_zone_reallocate(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer, size_t size);
/** @see slm_zone_reallocate_aligned */
void *SLM_NULLABLE slm_smp_zone_reallocate_aligned(slm_smp_zone *SLM_NONNULL zone, void *SLM_NULLABLE pointer,
                                                   size_t alignment, size_t size);
/** @see slm_zone_resize */
slm_status slm_smp_zone_resize(slm_smp_zone *SLM_NONNULL zone, void *SLM_NONNULL pointer, size_t size);
/** @see slm_zone_usable_size */
size_t slm_smp_zone_usable_size(slm_smp_zone *SLM_NONNULL zone, const void *SLM_NULLABLE pointer);
/** @see slm_zone_good_size */
size_t slm_smp_zone_good_size(slm_smp_zone *SLM_NONNULL zone, size_t size);
/** @see slm_zone_owns */
bool slm_smp_zone_owns(slm_smp_zone *SLM_NONNULL zone, const void *SLM_NULLABLE address);
/**
 * Takes pages, so that allocations that are to come can't fail, on whatever CPU: after #SLM_OK the next count allocations of the
 * class, by all CPUs together, succeed. The reserve is nobody's own: it lies in a zone beside those of the CPUs, from which
 * an allocation is served when its CPU's zone, the provider, and the other CPUs' zones have nothing. So it does not matter where
 * the caller runs then, or whether it is moved.
 *
 * The pages come from the provider, or from any CPU's zone that has an empty one.
 * @return as slm_zone_reserve(); without a provider nothing can be reserved. @see slm_zone_reserve
 */
slm_status slm_smp_zone_reserve(slm_smp_zone *SLM_NONNULL zone, size_t alignment, size_t size, size_t count);
/** Gives empty pages of all CPUs' zones back: what a kernel's shrinker calls. @see slm_zone_reclaim */
slm_status slm_smp_zone_reclaim(slm_smp_zone *SLM_NONNULL zone, size_t max_base_pages, size_t max_large_pages,
                                slm_reclaimed *SLM_NULLABLE out);
/** @see slm_zone_reclaim_page */
void *SLM_NULLABLE slm_smp_zone_reclaim_page(slm_smp_zone *SLM_NONNULL zone, size_t page_size);
/** The sum over all CPUs' zones, which are counted one after the other. @see slm_zone_statistics */
slm_status slm_smp_zone_statistics(slm_smp_zone *SLM_NONNULL zone, slm_statistics *SLM_NULLABLE out);
/** @see slm_zone_class_statistics */
slm_status slm_smp_zone_class_statistics(slm_smp_zone *SLM_NONNULL zone, size_t index,
                                         slm_class_statistics *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
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
 *  Interrupt: no, as malloc. Provider: there is none.
 *  @{ */

/** Frees an object. NULL does nothing. Keeps errno.
 *  Cost: about 36 instructions for an object of the thread's own heap; two atomic operations more for another heap's.
 */
void slm_free(void *SLM_NULLABLE pointer);
/** Frees an object and checks that it was allocated with this size (C23). After slm_realloc() its last size counts. */
void slm_free_sized(void *SLM_NULLABLE pointer, size_t size);
/** Frees an object and checks that it was allocated with this alignment and size (C23). */
void slm_free_aligned_sized(void *SLM_NULLABLE pointer, size_t alignment, size_t size);

/** Allocates size bytes. Size 0 is served as 1.
 *  @return the memory, not cleared; NULL with errno ENOMEM if memory is refused.
 *  Cost: 20 to 30 instructions if a slot was freed recently, else about 40. A new slab costs some hundred instructions
 *  and may call mmap or mprotect. Above 136 KiB: a page run, a lock, some 200 instructions. */
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
 *  @param pointer NULL allocates. @param size 0 frees the object and returns NULL, as glibc does.
 *  @return the object; NULL with errno ENOMEM if memory is refused, and then the object is unchanged. */
void *SLM_NULLABLE slm_realloc(void *SLM_NULLABLE pointer, size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(2);
/** The bytes of an object, all of them usable; 0 for NULL. A pointer that is not to a live object is misuse. */
size_t slm_usable_size(const void *SLM_NULLABLE pointer);
/** The usable size that an allocation of size bytes gets; 0 if it is impossible. */
size_t slm_good_size(size_t size);
/** @} */

/* ------------------------------------------------------------------------ */
/** @defgroup heaps Heaps
 *  Heaps of your own, destroyed in one call. Hosted builds only.
 *
 *  One thread at a time uses a heap with these functions. Any thread may free its objects with slm_free(), and use
 *  slm_realloc() and slm_usable_size() on them. Objects never leave their heap by a call. Layouts are those of
 *  "Malloc": any size, and any alignment that is a power of two. Misuse is returned as a status, not reported to the
 *  misuse handler.
 *
 *  Interrupt: no, as malloc. Provider: there is none.
 *  @{ */
/** A heap. */
typedef struct slm_heap slm_heap;

/** Makes a heap.
 *  @param options NULL, or options of which only `name` may be set: a heap has the profile of the process.
 *  @param why if not NULL, gets #SLM_OK or the reason: #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_ARGUMENT.
 *  @return the heap; NULL on error. */
slm_heap *SLM_NULLABLE slm_heap_create(const slm_options *SLM_NULLABLE options,
                                       slm_status *SLM_NULLABLE why) SLM_NODISCARD;
/** Frees every object of the heap, and the heap. From any thread, while no other one uses the heap or its objects.
 *  @param live if not NULL, gets the number of objects that were still live.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED.
 *  Cost: proportional to the slabs and large objects. */
slm_status slm_heap_destroy(slm_heap *SLM_NONNULL heap, size_t *SLM_NULLABLE live);

/** Deallocates an object of this heap. For the heap's thread faster than slm_free().
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED, #SLM_ERR_FOREIGN_POINTER (also for an object of another heap),
 *          #SLM_ERR_INTERIOR_POINTER, #SLM_ERR_DOUBLE_FREE; in profile hardened #SLM_ERR_OVERFLOW. */
slm_status slm_heap_deallocate(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer);
/** Deallocates an object and checks its size. @see slm_zone_deallocate_sized */
slm_status slm_heap_deallocate_sized(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer, size_t size);
/** Deallocates an object and checks its alignment and size. @see slm_zone_deallocate_aligned_sized */
slm_status slm_heap_deallocate_aligned_sized(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer, size_t alignment,
                                             size_t size);
/** Deallocates count objects. @see slm_zone_deallocate_batch */
slm_status slm_heap_deallocate_batch(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE const *SLM_NONNULL pointers,
                                     size_t count, size_t *SLM_NULLABLE done);
/** Allocates size bytes. @see slm_malloc */
void *SLM_NULLABLE slm_heap_allocate(slm_heap *SLM_NONNULL heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2)
    SLM_ALLOC_SIZE(2);
/** Allocates size bytes that read as zero. @see slm_calloc */
void *SLM_NULLABLE slm_heap_allocate_zeroed(slm_heap *SLM_NONNULL heap, size_t size) SLM_MALLOC(slm_heap_deallocate, 2)
    SLM_ALLOC_SIZE(2);
/** Allocates size bytes at a multiple of alignment. @see slm_aligned_alloc */
void *SLM_NULLABLE slm_heap_allocate_aligned(slm_heap *SLM_NONNULL heap, size_t alignment, size_t size)
    SLM_MALLOC(slm_heap_deallocate, 2) SLM_ALLOC_SIZE(3) SLM_ALLOC_ALIGN(2);
/** Allocates and returns why not. errno is kept.
 *  @param flags 0 or #SLM_ZEROED. @param out gets the memory, or NULL on error.
 *  @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_LAYOUT (an alignment that is not a power of two, or a size
 *          above PTRDIFF_MAX), #SLM_ERR_INVALID_ARGUMENT, #SLM_ERR_NOT_INITIALIZED. */
slm_status slm_heap_allocate_with(slm_heap *SLM_NONNULL heap, size_t alignment, size_t size, uint32_t flags,
                                  void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Allocates up to count objects of size bytes. @return how many; fewer than count only if memory is refused.
 *  @see slm_zone_allocate_batch */
size_t slm_heap_allocate_batch(slm_heap *SLM_NONNULL heap, size_t size, size_t count,
                               void *SLM_NULLABLE *SLM_NONNULL out) SLM_NODISCARD;
/** Changes the size of an object, which stays in this heap. @see slm_zone_reallocate, whose errors it has. */
void *SLM_NULLABLE slm_heap_reallocate(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer,
                                       size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(3);
/** Changes the size of an object and keeps its alignment. @see slm_heap_reallocate */
void *SLM_NULLABLE slm_heap_reallocate_aligned(slm_heap *SLM_NONNULL heap, void *SLM_NULLABLE pointer, size_t alignment,
                                               size_t size) SLM_NODISCARD SLM_ALLOC_SIZE(4) SLM_ALLOC_ALIGN(3);
/** Changes the size of an object without moving it. @see slm_zone_resize */
slm_status slm_heap_resize(slm_heap *SLM_NONNULL heap, void *SLM_NONNULL pointer, size_t size) SLM_NODISCARD;
/** The usable bytes of a live object of this heap; 0 for any other pointer. */
size_t slm_heap_usable_size(const slm_heap *SLM_NONNULL heap, const void *SLM_NULLABLE pointer);
/** The usable size that an allocation of size bytes gets; 0 if it is impossible. */
size_t slm_heap_good_size(const slm_heap *SLM_NONNULL heap, size_t size);
/** Whether an address lies in a slab or a large object of this heap. Reads nothing near the address. */
bool slm_heap_owns(const slm_heap *SLM_NONNULL heap, const void *SLM_NULLABLE address);

/** What a heap holds. Equation: bytes_live <= bytes_slabs + bytes_large. */
typedef struct slm_heap_usage {
  uint32_t struct_size; /**< sizeof(slm_heap_usage), set by the caller. */
  uint32_t reserved;    /**< Unused. */
  /** Objects allocated and not yet deallocated. A remote free counts when the heap collects it, which this call does.
   */
  uint64_t objects_live;
  uint64_t bytes_live;  /**< Their bytes, counted by slot, and by page for large objects. */
  uint64_t bytes_slabs; /**< Bytes of the heap's slabs. */
  uint64_t bytes_large; /**< Bytes of its large objects. */
  uint64_t large_live;  /**< Large objects among objects_live. */
} slm_heap_usage;

/** Counts what a heap holds.
 *  @return #SLM_OK; #SLM_ERR_NOT_INITIALIZED; #SLM_ERR_INVALID_ARGUMENT if out is NULL or its struct_size too small.
 *  Cost: proportional to the slabs and large objects of the process. */
slm_status slm_heap_statistics(slm_heap *SLM_NONNULL heap, slm_heap_usage *SLM_NULLABLE out);
/** @} */

/* ------------------------------------------------------------------------ */
/** @defgroup process Process
 *  Options, statistics and misuse of the memory behind "Malloc" and "Heaps". Hosted builds only. Interrupt: no.
 *
 *  Profiles are chosen with the environment, SLABMALLOC_PROFILE. `checked` is the default. `fast` is the same, except
 *  that sized deallocations do not check the size. `hardened` adds to each slot a canary of 8 bytes, which a
 *  deallocation checks, clears freed memory, keeps it in quarantine, checks it when it is reused, hands slots out in
 *  random order, and puts guard pages around slabs and large objects.
 *  @{ */

/** How the memory of the process is managed. */
typedef struct slm_process_options {
  uint32_t struct_size; /**< sizeof(slm_process_options), set by the caller. */
  /** Milliseconds after which unused memory is purged, at the next call of any thread. Environment:
   *  SLABMALLOC_PURGE_DELAY. */
  uint32_t purge_delay;
  /** Bytes of unused memory that may wait for that; memory above is purged at once. Environment: SLABMALLOC_RETAIN
   *  (MiB). */
  uint64_t retain;
} slm_process_options;

/** Reads the options of the process, changes them, or both.
 *  @param options the new ones; NULL leaves them as they are.
 *  @param former if not NULL, gets the options that were in force before the call.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if a struct_size is too small: then nothing changed. */
slm_status slm_process_configure(const slm_process_options *SLM_NULLABLE options,
                                 slm_process_options *SLM_NULLABLE former);

/** Purges all unused memory now. @return the bytes given back to the system. Cost: a system call for each free run. */
size_t slm_process_purge(void);

/** What the process holds. Equations: bytes_held = bytes_taken - bytes_given_back = bytes_slabs + bytes_large +
 *  bytes_metadata + bytes_retained + bytes_clean. */
typedef struct slm_process_usage {
  uint32_t struct_size;      /**< sizeof(slm_process_usage), set by the caller. */
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

/** Counts what the process holds.
 *  @return #SLM_OK; #SLM_ERR_INVALID_ARGUMENT if out is NULL or its struct_size too small. */
slm_status slm_process_statistics(slm_process_usage *SLM_NULLABLE out);
/** Counts one size class over all heaps. slots_live is what other threads' heaps show at the moment; empty_pages is 0.
 *  @param index from 0, by size, below slm_process_usage.class_count.
 *  @return as slm_process_statistics(), and #SLM_ERR_INVALID_ARGUMENT for an index that is no class.
 *  Cost: proportional to the slabs of the process. */
slm_status slm_process_class_statistics(size_t index, slm_class_statistics *SLM_NULLABLE out);

/** A misuse, as it is reported. */
typedef struct slm_misuse {
  uint32_t struct_size; /**< sizeof(slm_misuse). */
  /** #SLM_ERR_DOUBLE_FREE, #SLM_ERR_INTERIOR_POINTER, #SLM_ERR_FOREIGN_POINTER or #SLM_ERR_LAYOUT_MISMATCH; in profile
   *  hardened also #SLM_ERR_OVERFLOW and #SLM_ERR_WRITE_AFTER_FREE; in freestanding builds also
   *  #SLM_ERR_NOT_INITIALIZED. */
  slm_status kind;
  void *SLM_NULLABLE pointer; /**< The pointer that was passed; the slab's address if it is no longer known. */
  uint64_t slot_size;         /**< Slot size of the size class that the pointer lies in; 0 if it lies in none. */
} slm_misuse;

/** What is called for a misuse. When the function returns, the misused call does nothing, and slm_realloc() returns
 *  NULL. It may run on any thread, on several at once, and must not allocate or free. */
typedef struct slm_misuse_handler {
  /** NULL: writes one line to stderr, such as `slabmalloc: double free of 0x7f0012345680 (size class 64)`, and calls
   *  abort(). */
  void (*SLM_NULLABLE function)(void *SLM_NULLABLE context, const slm_misuse *SLM_NONNULL misuse);
  void *SLM_NULLABLE context; /**< Passed to function. */
} slm_misuse_handler;

/** Sets the handler for misuse of the functions of "Malloc". Threads: any, at any time; a misuse sees the old handler
 *  or the new one, never a mixture. @return the former handler, to be restored or called by the new one. */
slm_misuse_handler slm_process_set_misuse_handler(slm_misuse_handler handler);
/** @} */

#if defined(__clang__)
#pragma clang diagnostic pop
#endif
#if defined(__cplusplus)
}
#endif
#endif /* SLABMALLOC_H */
