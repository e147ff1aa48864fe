// The hooks that an embedder may leave out: their weak definitions, and the page provider on two of them. See
// slabmalloc/port.h.
#include "CSlabPort.h"

#if !__STDC_HOSTED__

uintptr_t slm_port_resizers[2];

#define OPTIONAL_HOOK __attribute__((weak))

// The default is never called, because zones that would call it are refused. It returns what no hook always returns: a
// linker that folds equal functions does not fold a hook into it. The symbol is hidden, so that the comparison below
// needs no global offset table, which a kernel that is loaded at any address would have to fill in.
static uintptr_t no_context(void) { return UINTPTR_MAX; }
__attribute__((weak, alias("no_context"), visibility("hidden"))) uintptr_t slm_port_context(void);

int slm_port_serves_threads(void) {
#if __GCC_ATOMIC_INT_LOCK_FREE == 2
  return slm_port_context != no_context;
#else
  return 0; // no lock stops another CPU on a machine without atomic instructions
#endif
}

OPTIONAL_HOOK uintptr_t slm_port_disable_interrupts(void) { return 0; }

OPTIONAL_HOOK void slm_port_restore_interrupts(uintptr_t state) { (void)state; }

OPTIONAL_HOOK void *slm_port_allocate_page(size_t page_size) {
  (void)page_size;
  return NULL;
}

OPTIONAL_HOOK void slm_port_release_page(void *page, size_t page_size) { (void)page, (void)page_size; }

OPTIONAL_HOOK void slm_port_misuse(const slm_misuse *misuse) {
  (void)misuse;
  __builtin_trap();
}

OPTIONAL_HOOK uint64_t slm_port_milliseconds(void) { return 0; }

OPTIONAL_HOOK uint64_t slm_port_random(void) { return slm_port_milliseconds() * 0x9E3779B97F4A7C15; }

static void *allocate_page(void *context, size_t page_size) {
  (void)context;
  return slm_port_allocate_page(page_size);
}

static void release_page(void *context, void *page, size_t page_size) {
  (void)context;
  slm_port_release_page(page, page_size);
}

slm_page_provider slm_port_provider(void) {
  return (slm_page_provider){sizeof(slm_page_provider), 0, NULL, allocate_page, release_page, NULL, NULL};
}
#endif
