// Things that Swift cannot import or express: variadic system calls, and memory that is zero before any code runs.
#ifndef CSLABPORT_H
#define CSLABPORT_H

#include <stddef.h>
#include <stdint.h>

/// A word without slots. A bin without a slab allocates from it. Nothing ever writes to it.
static inline const uintptr_t *slm_port_no_slots(void) {
  static const uintptr_t none = 0;
  return &none;
}

/// Returns the same value, but hides its origin from the compiler. It takes no instruction.
__attribute__((always_inline)) static inline uintptr_t slm_port_opaque(uintptr_t value) {
  __asm__("" : "+r"(value));
  return value;
}

/// The name of a status; "SLM_ERR_UNKNOWN" for any other number.
const char *slm_port_status_name(int32_t status) __attribute__((visibility("hidden")));

/// Hints to the CPU that this loop waits.
__attribute__((always_inline)) static inline void slm_port_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
  __asm__ volatile("yield");
#endif
}

// Reports a broken invariant and ends the program. Only builds with assertions call it.
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

// The state of the process-wide mmap provider. It is here because Swift would initialise its own global lazily.
extern unsigned char slm_port_system_pages[256] __attribute__((visibility("hidden")));

// A bit for each 32 MiB of a 48-bit address space: whether an arena is there, and whether one starts there. Untouched
// parts take no memory.
#define SLM_PORT_ADDRESS_BITS_WORDS (1 << 17)
extern uint64_t slm_port_arenas[SLM_PORT_ADDRESS_BITS_WORDS] __attribute__((visibility("hidden")));
extern uint64_t slm_port_arena_starts[SLM_PORT_ADDRESS_BITS_WORDS] __attribute__((visibility("hidden")));
static inline uint64_t *slm_port_arenas_address(void) { return slm_port_arenas; }
static inline uint64_t *slm_port_arena_starts_address(void) { return slm_port_arena_starts; }

// Every function preserves errno, because the callers promise it.

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

// The notes of RunResizer.swift: for regions, and for the mmap provider.
extern uintptr_t slm_port_resizers[4] __attribute__((visibility("hidden")));
static inline void *slm_port_resizers_address(void) { return slm_port_resizers; }

// The number of this thread: 0, 1, ... in the order in which threads request their numbers.
extern __thread uintptr_t slm_port_numbered __attribute__((visibility("hidden"), tls_model("initial-exec")));
uintptr_t slm_port_number_thread(void) __attribute__((visibility("hidden")));
static inline uintptr_t slm_port_thread_number(void) {
  return slm_port_numbered != 0 ? slm_port_numbered - 1 : slm_port_number_thread();
}

// The number of this thread; UINTPTR_MAX if the thread has not requested one.
static inline uintptr_t slm_port_thread_number_if_any(void) { return slm_port_numbered - 1; }

// Identifies this thread by the address of its number; never 0.
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

// The functions that serve the calls of a thread without a heap. The arguments are those of the call, and the stand-in
// comes last.
typedef struct {
  uintptr_t (*allocate)(uintptr_t size, void *heap);
  uintptr_t (*allocate_aligned)(uintptr_t size, uintptr_t alignment, void *heap);
  uintptr_t (*allocate_zeroed)(uintptr_t size, void *heap);
  uintptr_t (*reallocate)(uintptr_t address, uintptr_t size, void *heap);
  int32_t (*deallocate)(uintptr_t address, void *heap);
  uintptr_t (*adopt)(void *run, void *heap);
} slm_port_stand_in;

// The heap of this thread. Before the thread has a heap, and after it has returned it, this is a stand-in: a heap that
// serves nothing, with the process's pool and the functions above. The enum gives the words at which a heap stores
// these two; HeapLayoutTests check them.
enum { SLM_PORT_HEAP_POOL = 2, SLM_PORT_HEAP_STAND_IN = 9, SLM_PORT_NO_HEAP_WORDS = 16 };
extern void *slm_port_no_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((visibility("hidden")));
extern void *slm_port_exited_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((visibility("hidden")));
extern __thread void *slm_port_heap __attribute__((visibility("hidden"), tls_model("initial-exec")));
static inline void *slm_port_thread_heap(void) { return slm_port_heap; }
static inline void slm_port_set_thread_heap(void *heap) { slm_port_heap = heap; }
static inline void *slm_port_no_heap_address(void) { return slm_port_no_heap; }
static inline void *slm_port_exited_heap_address(void) { return slm_port_exited_heap; }

// The bin of a run that has none: zeros. Nothing ever writes to it.
extern unsigned char slm_port_no_bin[128] __attribute__((visibility("hidden")));
static inline void *slm_port_no_bin_address(void) { return slm_port_no_bin; }

// The state of the process's heaps.
extern unsigned char slm_port_process[16384] __attribute__((visibility("hidden")));
static inline void *slm_port_process_address(void) { return slm_port_process; }

// Makes the thread return its heap when it ends.
void slm_port_watch_thread(void *heap) __attribute__((visibility("hidden")));
// Makes fork() wait until no thread changes the state that heaps share.
void slm_port_watch_forks(void) __attribute__((visibility("hidden")));

// Reserves address space without memory; NULL if there is none. The system may refuse to commit more than it has.
static inline void *slm_port_reserve(size_t bytes) {
  int saved = errno;
  void *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = saved;
  return memory == MAP_FAILED ? NULL : memory;
}

// Commits reserved address space. It reads as zero. 0 on success.
static inline int slm_port_commit(void *memory, size_t bytes) {
  int saved = errno;
  int result = mprotect(memory, bytes, PROT_READ | PROT_WRITE);
  errno = saved;
  return result;
}

// Makes memory inaccessible. It faults on access and keeps its content. 0 on success.
static inline int slm_port_protect(void *memory, size_t bytes) {
  int saved = errno;
  int result = mprotect(memory, bytes, PROT_NONE);
  errno = saved;
  return result;
}

// A number that nobody can foresee. It is weaker before the system has random numbers to give.
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

// Purges memory, which afterwards reads as zero. 0 on success.
static inline int slm_port_purge(void *memory, size_t bytes) {
  int saved = errno;
  int result = madvise(memory, bytes, MADV_DONTNEED);
  errno = saved;
  return result;
}

// Moves memory to another place. The content of the old place is undefined afterwards. 0 on success; on failure nothing
// has changed.
int slm_port_move(void *from, void *to, size_t bytes) __attribute__((visibility("hidden")));

static inline size_t slm_port_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static inline uint64_t slm_port_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// glibc's mallinfo and mallinfo2, under names that every C library has.
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

// The state of the process's trace. While a trace is recorded, slm_port_heap does not lead to a thread's heap. The
// second variable, one per thread, then holds this heap, and 1 + the thread's number in the trace, or 0 before it has
// one.
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

// Opens the file of a trace and empties it. The process's number replaces %p in the path. SLM_PORT_TRACE_BUSY if
// another process records into the file, SLM_PORT_TRACE_REFUSED if the file cannot be written.
enum { SLM_PORT_TRACE_OK, SLM_PORT_TRACE_BUSY, SLM_PORT_TRACE_REFUSED };
int slm_port_trace_open(const char *path) __attribute__((visibility("hidden")));
// Maps a part of the file, which reads as zero; NULL if there is no room. Also fails in a child of the process, and if
// the program has replaced the file behind the descriptor.
void *slm_port_trace_map(size_t start, size_t bytes) __attribute__((visibility("hidden")));
// Closes the file and gives it this size. Does nothing in a child.
void slm_port_trace_close(size_t size) __attribute__((visibility("hidden")));

// The operator new that this library's hides. It calls the new_handler, and throws.
void *slm_port_next_new(size_t size) __attribute__((visibility("hidden")));
int slm_port_has_environment(void) __attribute__((visibility("hidden")));
// Returns the next variable of the environment whose name starts with SLABMALLOC_, from *position on; NULL after the
// last.
enum { SLM_PORT_OPTION_PREFIX_LENGTH = 11 };
const char *slm_port_next_option(size_t *position) __attribute__((visibility("hidden")));

#else

// The hooks that an embedder provides.
#include <slabmalloc/port.h>

// Whether zones for threads can work: the embedder has defined slm_port_context(), and the machine has atomic
// instructions.
int slm_port_serves_threads(void) __attribute__((visibility("hidden")));

// The state of Embedded Swift's heap; see SwiftHeap.swift.
extern uintptr_t slm_port_swift_heap[4] __attribute__((visibility("hidden")));
static inline void *slm_port_swift_heap_address(void) { return slm_port_swift_heap; }

// The note of RunResizer.swift, for regions.
extern uintptr_t slm_port_resizers[2] __attribute__((visibility("hidden")));
static inline void *slm_port_resizers_address(void) { return slm_port_resizers; }

#endif
#endif
