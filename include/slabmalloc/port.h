/**
 * @file slabmalloc/port.h
 * @brief The hooks by which slabmalloc calls a kernel, or a program without an operating system.
 *
 * For freestanding builds only (`build/freestanding/`); hosted libraries have no hooks. The archives need memcpy,
 * memmove and memset, and nothing else: a zone for one thread needs no hook.
 *
 * Each hook is [OPTIONAL]: the archive has a weak definition that does what "Default" states; a definition in one of
 * your objects replaces it. (A definition in an archive of yours replaces it only if something else pulls its member
 * in.)
 *
 * No hook may allocate from, or free to, the allocator that called it, except slm_port_allocate_page() and
 * slm_port_release_page(), which may do what any page provider may. Hooks must not throw, long-jump, or yield to
 * another task of the same CPU while slm_port_disable_interrupts() has interrupts disabled.
 *
 * In Swift: `import CSlabmalloc.Port`, and
 * `@_cdecl("slm_port_context") @implementation public func slm_port_context() -> UInt`.
 */
#ifndef SLABMALLOC_PORT_H
#define SLABMALLOC_PORT_H

#include "../slabmalloc.h"

#if defined(__cplusplus)
extern "C" {
#endif
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#endif

/* ------------------------------------------------------------------------ */
/** @defgroup port_cpus Port: CPUs and interrupts
 * @{ */

/**
 * [OPTIONAL] The number of the calling CPU: 0, 1, ... Default: there is none. Without this hook slm_zone_init() and
 * slm_cache_init() refuse zones and caches for any thread (#SLM_ANY_THREAD) and for each CPU (#SLM_PER_CPU) with
 * #SLM_ERR_INVALID_ARGUMENT. They refuse them also on machines without atomic instructions (armv6m, riscv32imc). The
 * small library has no such zones, and never calls the hook.
 *
 * If threads of one CPU take turns inside the page provider of a zone for any thread, the hook returns the thread's id
 * instead: any number, different for each thread.
 *
 * Called by zones for each CPU (#SLM_PER_CPU), once or twice in each call, with interrupts disabled; by zones for any
 * thread when they take a page, with interrupts as slm_port_disable_interrupts() leaves them. Never by zones for one
 * thread.
 * Never called by an init function, which looks only at whether the hook is defined. The hook is to be linked together
 * with the archive: a shared object that holds the archive does not take it from another object when it is loaded.
 * Cost: should be a few instructions, since each allocation of a zone for each CPU pays for it.
 */
uintptr_t slm_port_context(void);

/**
 * [OPTIONAL] Disables interrupts of the calling CPU. Default: does nothing and returns 0, for programs that never
 * allocate in a handler.
 *
 * Called before each attempt to take a lock, from any context that called the allocator, and nested: a handler may
 * allocate, and so may a caller that has disabled interrupts. It is a barrier for the compiler: define it in C or
 * assembly with a "memory" clobber.
 * Cost: each locked call pays for it.
 * @return the former state, whole, for slm_port_restore_interrupts(): nesting relies on it.
 */
uintptr_t slm_port_disable_interrupts(void);

/**
 * [OPTIONAL] Restores the state of the calling CPU's interrupts that slm_port_disable_interrupts() returned. Default:
 * does nothing. Define both or neither.
 *
 * Called after each lock is released, and while the allocator waits for a lock that another CPU holds. Interrupts are
 * therefore disabled for a lock's few dozen instructions, never while a lock is waited for, and never while a page hook
 * runs, unless the caller disabled them.
 */
void slm_port_restore_interrupts(uintptr_t state);
/** @} */

/* ------------------------------------------------------------------------ */
/** @defgroup port_pages Port: pages
 * @{ */

/**
 * [OPTIONAL] Gives a page for slm_port_provider(). Default: NULL, there is none.
 *
 * Called by an allocator that has no free slot left and whose provider is slm_port_provider(), from the context that
 * called the allocator, without a lock held. It may sleep if that context may. It may use other allocators, and the
 * same one for what that can serve without another page.
 * @param page_size the allocator's base page size, or #SLM_LARGE_PAGE_SIZE.
 * @return page_size bytes, mapped, writable, and aligned to page_size; their content does not matter. NULL if there are
 *         none.
 */
void *SLM_NULLABLE slm_port_allocate_page(size_t page_size);

/**
 * [OPTIONAL] Takes back a page of slm_port_allocate_page(). Default: ignores it. Define both or neither.
 *
 * Called by reclaim and destroy functions, and when a page is no longer needed when it arrives; from their caller's
 * context, without a lock held.
 * @param page_size the size that the page was allocated with.
 */
void slm_port_release_page(void *SLM_NONNULL page, size_t page_size);

/**
 * The page provider whose functions are slm_port_allocate_page() and slm_port_release_page(), for slm_options. It
 * serves any base page size. Not a hook: the archive defines it. Interrupt: yes. Cost: constant.
 */
slm_page_provider slm_port_provider(void);
/** @} */

/* ------------------------------------------------------------------------ */
/** @defgroup port_swift Port: the heap of Embedded Swift
 *
 * Embedded Swift allocates classes, arrays, strings and closures with posix_memalign() and frees them with free()
 * (6.3), or with _swift_alignedAllocate() and _swift_alignedFree() (the development branch). libslabmalloc-swiftheap.a
 * defines these four, on the functions below, which are in libslabmalloc.a. Link both, this one first. Dictionaries and
 * sets also need `arc4random_buf`. What the target has no instructions for comes from a compiler's run-time library
 * (`__aeabi_dmul`, `__atomic_fetch_add_4`, ...). These are yours to link.
 * @{ */

/**
 * Makes a zone the heap. Call it before the first Swift object, on one CPU. Other code may use the zone too.
 *
 * Any zone; one made with #SLM_ONE_THREAD only where a single CPU allocates, with interrupts disabled or without
 * handlers that allocate.
 * @param zone NULL ends the heap, which is then as before it was started. End it before slm_zone_destroy().
 * Interrupt: yes. Cost: constant.
 */
void slm_swift_heap_start(slm_zone *SLM_NULLABLE zone);

/**
 * Allocates from the heap, as posix_memalign() does. Provider: may be called, without a lock. Interrupt: as the zone.
 * @param out gets the memory; NULL on error.
 * @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_LAYOUT. After a call of slm_port_misuse():
 *         #SLM_ERR_NOT_INITIALIZED if the heap was not started; in profile hardened #SLM_ERR_WRITE_AFTER_FREE or
 *         #SLM_ERR_OVERFLOW if the zone's memory was written to. The next call tries another slot.
 */
slm_status slm_swift_heap_allocate(size_t alignment, size_t size, void *SLM_NULLABLE *SLM_NONNULL out);

/**
 * Frees memory, as free() does. NULL does nothing. A misuse (a double free, a pointer into an object, a foreign
 * pointer, any pointer before the heap was started) is reported to slm_port_misuse(), and changes nothing.
 */
void slm_swift_heap_free(void *SLM_NULLABLE pointer);
/** @} */

/* ------------------------------------------------------------------------ */
/** @defgroup port_misuse Port: misuse, time, random numbers
 * @{ */

/**
 * [OPTIONAL] Reports a misuse where there is no status to return: in the heap of Embedded Swift
 * (slm_swift_heap_start()). Default: traps. Zones and caches never call it, since they return a status.
 *
 * Called from the context that freed or allocated, without a lock held. If it returns, the free is ignored, and the
 * allocation fails.
 * @param misuse lives until the hook returns. kind is also #SLM_ERR_NOT_INITIALIZED, for an allocation or a free before
 *         the heap was started: pointer is NULL, or the pointer that was freed. pointer is also NULL when an allocation
 *         detects a write to a hardened zone's memory, #SLM_ERR_WRITE_AFTER_FREE or #SLM_ERR_OVERFLOW.
 */
void slm_port_misuse(const slm_misuse *SLM_NONNULL misuse);

/**
 * [OPTIONAL] Milliseconds since any moment, never less than before. Default: 0. Only the default of slm_port_random()
 * calls it; zones neither wait nor expire.
 */
uint64_t slm_port_milliseconds(void);

/**
 * [OPTIONAL] 64 bits that nobody can guess: of the CPU's generator, or left by the boot loader. Default: made of
 * slm_port_milliseconds(), and therefore always the same in a machine without a clock.
 *
 * Called twice when a hardened zone is made (#SLM_HARDENED), by its init function, without a lock held. The canaries
 * and the order of slots depend on it, and on the zone's address. With the default they are as hard to guess as the
 * time and that address.
 */
uint64_t slm_port_random(void);
/** @} */

#if defined(__clang__)
#pragma clang diagnostic pop
#endif
#if defined(__cplusplus)
}
#endif
#endif /* SLABMALLOC_PORT_H */
