/**
 * @file slabmalloc/port.h
 * @brief What slabmalloc asks of a kernel or a program without an operating system: the hooks.
 *
 * For freestanding builds only (`build/freestanding/`); hosted libraries have no hooks. Besides these they need memcpy,
 * memmove and memset, and nothing else.
 *
 * Each hook is tagged. [REQUIRED]: yours to define, else the program doesn't link. [OPTIONAL]: the archive has a weak definition
 * that does what is said under "Default"; a definition in one of your objects takes its place. (A definition in an archive of
 * yours does not, unless something else pulls its member in.)
 *
 * No hook may allocate from, or free to, the allocator that called it, except slm_port_allocate_page() and
 * slm_port_release_page(), which may do what any page provider may. Hooks must not throw, long-jump or yield to another
 * task of the same CPU while interrupts are disabled by slm_port_disable_interrupts().
 *
 * In Swift: `import CSlabmalloc.Port`, then `@_cdecl("slm_port_context") @implementation public func slm_port_context() -> UInt`.
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
/** @name CPUs and interrupts
 *  @{ */

/**
 * [REQUIRED] if safe zones or SMP zones are linked (without --gc-sections: always).
 *
 * Which CPU runs this: 0, 1, ... If threads of one CPU take turns inside the page provider of a safe zone, the thread's id
 * instead: any number, different for each.
 *
 * Called by SMP zones, once or twice for each call of theirs, with interrupts disabled; by safe zones when they take a page,
 * with interrupts as slm_port_disable_interrupts() leaves them.
 * Cost: should be a few instructions, since each SMP allocation pays for it.
 */
uintptr_t slm_port_context(void);

/**
 * [OPTIONAL] Disables interrupts of this CPU. Default: does nothing and returns 0, for programs that never allocate in a
 * handler.
 *
 * Called before each lock is tried, from whatever context called the allocator, and nested: a handler, or a caller that has
 * disabled interrupts already, may allocate too. It is a barrier for the compiler: define it in C or assembly with a "memory" clobber.
 * Cost: each locked call pays for it.
 * @return what the state was before, for slm_port_restore_interrupts(). All of it, so that nesting is right.
 */
uintptr_t slm_port_disable_interrupts(void);

/**
 * [OPTIONAL] Puts interrupts of this CPU back to a state that slm_port_disable_interrupts() returned. Default: does nothing.
 * Define both or neither.
 *
 * Called after each lock is released, and while a lock that another CPU holds is waited for. So interrupts are off for a lock's few
 * dozen instructions, never while waiting for it and never while a page hook runs, unless the caller had them off.
 */
void slm_port_restore_interrupts(uintptr_t state);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Pages
 *  @{ */

/**
 * [OPTIONAL] Gives a page for slm_port_provider(). Default: NULL, there is none.
 *
 * Called by an allocator that has no free slot left and whose provider is slm_port_provider(); from the context that called the
 * allocator; without a lock held. It may sleep if that context may. It may use other allocators, and the same one for what that can
 * serve without another page.
 * @param page_size the allocator's base page size, or #SLM_LARGE_PAGE_SIZE.
 * @return page_size bytes, mapped, writable, aligned to page_size, their content does not matter; NULL if there are none.
 */
void *SLM_NULLABLE slm_port_allocate_page(size_t page_size);

/**
 * [OPTIONAL] Takes back a page of slm_port_allocate_page(). Default: ignores it. Define both or neither.
 *
 * Called by reclaim and destroy functions, and when a page came that was not needed any more; from their caller's context;
 * without a lock held.
 * @param page_size what the page was asked with.
 */
void slm_port_release_page(void *SLM_NONNULL page, size_t page_size);

/**
 * The page provider whose two functions are slm_port_allocate_page() and slm_port_release_page(), for slm_options. It serves any base page size.
 * Not a hook: the archive defines it. Interrupt: yes. Cost: constant.
 */
slm_page_provider slm_port_provider(void);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name The heap of Embedded Swift
 *
 * Embedded Swift takes memory for classes, arrays, strings and closures by posix_memalign() and gives it back by free() (6.3), or
 * by _swift_alignedAllocate() and _swift_alignedFree() (the development branch). libslabmalloc-swiftheap.a has these four, on the
 * functions below, which are in libslabmalloc.a: link both, this one first. Dictionaries and sets want `arc4random_buf` too, and what the target
 * has no instructions for is a compiler run-time library's (`__aeabi_dmul`, ...); these are yours.
 *  @{ */

/**
 * Makes a zone the heap. Call it before the first Swift object, on one CPU. The zone goes on serving others by its own functions.
 * Choose slm_options.threads for who uses Swift objects: a kernel of several CPUs, or with Swift code in interrupt handlers, needs
 * #SLM_ANY_THREAD or #SLM_PER_CPU. NULL ends the heap; it is then as before it was started. End it before slm_zone_destroy().
 * Interrupt: yes. Cost: constant.
 */
void slm_swift_heap_start(slm_zone *SLM_NULLABLE zone);

/**
 * Allocates from the heap, as posix_memalign() does. Provider: may be called, without the lock. Interrupt: as the zone.
 * @param out gets the memory; NULL if there is none.
 * @return #SLM_OK; #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_INVALID_LAYOUT. After slm_port_misuse(): #SLM_ERR_NOT_INITIALIZED, if the heap was not
 *         started; of a hardened zone #SLM_ERR_WRITE_AFTER_FREE or #SLM_ERR_OVERFLOW, if somebody wrote to its memory. The next call then
 *         tries another slot.
 */
slm_status slm_swift_heap_allocate(size_t alignment, size_t size, void *SLM_NULLABLE *SLM_NONNULL out);

/**
 * Gives memory back, as free() does. NULL does nothing. What can't be freed (a double free, a pointer into an object, a foreign pointer, any
 * pointer before the heap was started) goes to slm_port_misuse() and is left alone.
 */
void slm_swift_heap_free(void *SLM_NULLABLE pointer);
/** @} */

/* ------------------------------------------------------------------------ */
/** @name Misuse, time, chance
 *  @{ */

/**
 * [OPTIONAL] A misuse where there is no status to return: in the heap of Embedded Swift (slm_swift_heap_start()). Default: traps.
 * Zones and size-class allocators never call it, since they return a status.
 *
 * Called from the context that freed or allocated; without a lock held. If it returns, the free is ignored, and the allocation gets no
 * memory.
 * @param misuse what happened; lives until the hook returns. kind is also #SLM_ERR_NOT_INITIALIZED, for an allocation or a free
 *        before the heap was started; pointer is then NULL or what was freed. It is NULL, too, of what an allocation found: a write to a
 *        hardened zone's memory, #SLM_ERR_WRITE_AFTER_FREE or #SLM_ERR_OVERFLOW.
 */
void slm_port_misuse(const slm_misuse *SLM_NONNULL misuse);

/**
 * [OPTIONAL] Milliseconds since any moment, never less than before. Default: 0.
 * Only the default of slm_port_random() calls it; zones neither wait nor expire.
 */
uint64_t slm_port_milliseconds(void);

/**
 * [OPTIONAL] 64 bits that nobody can guess: of the CPU's generator, or what the boot loader left. Default: made of
 * slm_port_milliseconds(), so in a machine that has no clock always the same.
 *
 * Called twice when a hardened zone is made (#SLM_HARDENED), by its init function, without a lock held: the canaries and the order of
 * slots come from it, and from the zone's address. With the default they are as hard to guess as the time and that address.
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
