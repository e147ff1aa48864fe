// What Swift can't import or say: variadic system calls, and memory that is zero before any code runs.
#ifndef CSLABPORT_H
#define CSLABPORT_H

#include <stddef.h>
#include <stdint.h>

/// A word without slots that a bin without a slab allocates from. Nothing ever writes it.
static inline const uintptr_t *slm_port_no_slots(void) {
  static const uintptr_t none = 0;
  return &none;
}

/// The same value, of which the compiler no longer knows where it comes from. No instruction.
__attribute__((always_inline)) static inline uintptr_t slm_port_opaque(uintptr_t value) {
  __asm__("" : "+r"(value));
  return value;
}

/// The name of a status, "SLM_ERR_UNKNOWN" for any other number.
const char *slm_port_status_name(int32_t status) __attribute__((visibility("hidden")));

/// Tells the CPU that this is a loop that waits.
__attribute__((always_inline)) static inline void slm_port_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
  __asm__ volatile("yield");
#endif
}

// An invariant of a build with assertions is broken: reports it, and ends the program.
_Noreturn void slm_port_broken(const unsigned char *text, intptr_t length, uintptr_t address)
  __attribute__((visibility("hidden")));

#if __STDC_HOSTED__ && defined(__linux__)

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
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

// The number of this thread: 0, 1, ... in the order in which threads ask for theirs.
extern __thread uintptr_t slm_port_numbered __attribute__((visibility("hidden"), tls_model("initial-exec")));
uintptr_t slm_port_number_thread(void) __attribute__((visibility("hidden")));
static inline uintptr_t slm_port_thread_number(void) {
  return slm_port_numbered != 0 ? slm_port_numbered - 1 : slm_port_number_thread();
}

// The same, or UINTPTR_MAX for a thread that has not asked for its number.
static inline uintptr_t slm_port_thread_number_if_any(void) { return slm_port_numbered - 1; }

// Which thread this is, never 0: where it has its number.
static inline uintptr_t slm_port_thread(void) { return (uintptr_t)&slm_port_numbered; }

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

// --- Heaps -----------------------------------------------------------------------------------------

// What serves the calls of a thread without a heap. The arguments are those of the call; the stand-in comes last.
typedef struct {
  uintptr_t (*allocate)(uintptr_t size, void *heap);
  uintptr_t (*allocate_aligned)(uintptr_t size, uintptr_t alignment, void *heap);
  uintptr_t (*allocate_zeroed)(uintptr_t size, void *heap);
  uintptr_t (*reallocate)(uintptr_t address, uintptr_t size, void *heap);
  int32_t (*deallocate)(uintptr_t address, void *heap);
  uintptr_t (*adopt)(void *run, void *heap);
} slm_port_stand_in;

// The heap of this thread. Before the thread has one, and after it has given it back, a stand-in: a heap that serves
// nothing, with the process's pool and the functions above. The words at which a heap has these two; HeapLayoutTests
// hold them.
enum { SLM_PORT_HEAP_POOL = 2, SLM_PORT_HEAP_STAND_IN = 9, SLM_PORT_NO_HEAP_WORDS = 16 };
extern void *slm_port_no_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((visibility("hidden")));
extern void *slm_port_exited_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((visibility("hidden")));
extern __thread void *slm_port_heap __attribute__((visibility("hidden"), tls_model("initial-exec")));
static inline void *slm_port_thread_heap(void) { return slm_port_heap; }
static inline void slm_port_set_thread_heap(void *heap) { slm_port_heap = heap; }
static inline void *slm_port_no_heap_address(void) { return slm_port_no_heap; }
static inline void *slm_port_exited_heap_address(void) { return slm_port_exited_heap; }

// The bin of a run that has none: zeros. Nothing ever writes them.
extern unsigned char slm_port_no_bin[128] __attribute__((visibility("hidden")));
static inline void *slm_port_no_bin_address(void) { return slm_port_no_bin; }

// The state of the process's heaps.
extern unsigned char slm_port_process[16384] __attribute__((visibility("hidden")));
static inline void *slm_port_process_address(void) { return slm_port_process; }

// Makes the thread give its heap back when it ends.
void slm_port_watch_thread(void *heap) __attribute__((visibility("hidden")));
// Makes fork() wait until nobody changes what heaps share.
void slm_port_watch_forks(void) __attribute__((visibility("hidden")));

// Address space without memory; NULL if there is none. The system may refuse to commit more than it has.
static inline void *slm_port_reserve(size_t bytes) {
  int saved = errno;
  void *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = saved;
  return memory == MAP_FAILED ? NULL : memory;
}

// Makes reserved address space usable; it reads as zero. 0 on success.
static inline int slm_port_commit(void *memory, size_t bytes) {
  int saved = errno;
  int result = mprotect(memory, bytes, PROT_READ | PROT_WRITE);
  errno = saved;
  return result;
}

// Puts memory out of reach: it faults when it is touched, and keeps its content. 0 on success.
static inline int slm_port_protect(void *memory, size_t bytes) {
  int saved = errno;
  int result = mprotect(memory, bytes, PROT_NONE);
  errno = saved;
  return result;
}

// A number that nobody can foresee; less so where the system has none to give yet.
static inline uint64_t slm_port_random(void) {
  int saved = errno;
  uint64_t number;
  if (syscall(SYS_getrandom, &number, sizeof number, 1 /* don't wait */) != sizeof number) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    number = ((uint64_t)now.tv_nsec << 32 ^ (uintptr_t)&number ^ (uint64_t)now.tv_sec) * 0x9E3779B97F4A7C15ULL;
  }
  errno = saved;
  return number;
}

// Takes the memory away, so that it reads as zero. 0 on success.
static inline int slm_port_purge(void *memory, size_t bytes) {
  int saved = errno;
  int result = madvise(memory, bytes, MADV_DONTNEED);
  errno = saved;
  return result;
}

// Moves memory to another place; what is left where it was doesn't matter. 0 on success, else nothing has changed.
int slm_port_move(void *from, void *to, size_t bytes) __attribute__((visibility("hidden")));

static inline size_t slm_port_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static inline uint64_t slm_port_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// glibc's mallinfo and mallinfo2, under names that no libc lacks.
typedef struct {
  int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} slm_port_mallinfo;
typedef struct {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} slm_port_mallinfo2;

static inline int slm_port_errno(void) { return errno; }
static inline void slm_port_set_errno(int error) { errno = error; }
static inline int slm_port_no_memory(void) { return ENOMEM; }
static inline int slm_port_invalid(void) { return EINVAL; }
static inline void slm_port_abort(void) { abort(); }
static inline void slm_port_write_error(const void *text, size_t bytes) {
  int saved = errno;
  ssize_t written = write(2, text, bytes);
  (void)written;
  errno = saved;
}

// --- Traces ----------------------------------------------------------------------------------------

// The state of the process's trace, and for each thread while there is one: its heap, which slm_port_heap doesn't lead
// to then, and 1 + its number in the trace, 0 before it has one.
extern uint64_t slm_port_trace[32] __attribute__((visibility("hidden")));
static inline void *slm_port_trace_address(void) { return slm_port_trace; }
typedef struct {
  void *heap;
  uintptr_t number;
} slm_port_traced_thread;
extern __thread slm_port_traced_thread slm_port_traced __attribute__((visibility("hidden"), tls_model("initial-exec")));
static inline void *slm_port_traced_heap(void) { return slm_port_traced.heap; }
static inline void slm_port_set_traced_heap(void *heap) { slm_port_traced.heap = heap; }
static inline uintptr_t slm_port_traced_number(void) { return slm_port_traced.number; }
static inline void slm_port_set_traced_number(uintptr_t number) { slm_port_traced.number = number; }

// Makes the file empty; %p in the path becomes the number of the process. SLM_PORT_TRACE_BUSY if another process
// records into it, SLM_PORT_TRACE_REFUSED if it can't be written.
enum { SLM_PORT_TRACE_OK, SLM_PORT_TRACE_BUSY, SLM_PORT_TRACE_REFUSED };
int slm_port_trace_open(const char *path) __attribute__((visibility("hidden")));
// Maps a part of the file, which reads as zero; NULL if there is no room. Fails too in a child of the process, and if
// the program has put another file in the place of this one.
void *slm_port_trace_map(size_t start, size_t bytes) __attribute__((visibility("hidden")));
// The file has this size from now on. Does nothing in a child.
void slm_port_trace_close(size_t size) __attribute__((visibility("hidden")));

// The operator new that this one hides. It calls the new_handler, and throws.
void *slm_port_next_new(size_t size) __attribute__((visibility("hidden")));
int slm_port_has_environment(void) __attribute__((visibility("hidden")));
// The next variable of the environment whose name starts with SLABMALLOC_, from *position on; NULL after the last.
enum { SLM_PORT_OPTION_PREFIX_LENGTH = 11 };
const char *slm_port_next_option(size_t *position) __attribute__((visibility("hidden")));

#else

// What an embedder provides.
#include <slabmalloc/port.h>

// The state of Embedded Swift's heap, see SwiftHeap.swift.
extern uintptr_t slm_port_swift_heap[4] __attribute__((visibility("hidden")));
static inline void *slm_port_swift_heap_address(void) { return slm_port_swift_heap; }

#endif
#endif
