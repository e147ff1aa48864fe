// What Swift can't import or say: variadic system calls, and memory that is zero before any code runs.
#ifndef CSLABPORT_H
#define CSLABPORT_H

#include <stddef.h>
#include <stdint.h>

/// A word without slots that a bin without a slab allocates from. Nothing ever writes it.
static inline const uint64_t *slm_port_no_slots(void) {
  static const uint64_t none = 0;
  return &none;
}

/// The same value, of which the compiler no longer knows where it comes from. No instruction.
__attribute__((always_inline)) static inline uint64_t slm_port_opaque(uint64_t value) {
  __asm__("" : "+r"(value));
  return value;
}

#if __STDC_HOSTED__ && defined(__linux__)

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The state of the process-wide mmap provider: Swift would initialise a global of its own lazily.
extern unsigned char slm_port_system_pages[256] __attribute__((visibility("hidden")));

// A bit for each 32 MiB of a 48-bit address space. Untouched parts take no memory.
#define SLM_PORT_ADDRESS_BITS_WORDS (1 << 17)
extern uint64_t slm_port_arenas[SLM_PORT_ADDRESS_BITS_WORDS] __attribute__((visibility("hidden")));
static inline uint64_t *slm_port_arenas_address(void) { return slm_port_arenas; }

// Every call keeps errno: the callers promise it.

static inline void *slm_port_map(size_t bytes) {
  int saved = errno;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  errno = saved;
  return memory == MAP_FAILED ? NULL : memory;
}

static inline void slm_port_unmap(void *memory, size_t bytes) {
  int saved = errno;
  munmap(memory, bytes);
  errno = saved;
}

static inline void slm_port_discard(void *memory, size_t bytes) {
  int saved = errno;
  madvise(memory, bytes, MADV_DONTNEED);
  errno = saved;
}

static inline void *slm_port_system_pages_address(void) { return slm_port_system_pages; }

static inline uintptr_t slm_port_thread(void) { return (uintptr_t)pthread_self(); }

static inline void slm_port_wait(uint32_t *word, uint32_t value) {
  int saved = errno;
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
  errno = saved;
}

static inline void slm_port_wake_one(uint32_t *word) {
  int saved = errno;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  errno = saved;
}

#else

// The embedder's hook: which CPU or thread runs this. Used only by safe zones, while a page is being provided.
extern uintptr_t slm_port_context(void);

#endif
#endif
