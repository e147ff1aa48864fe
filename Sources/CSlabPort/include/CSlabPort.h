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

// Every function preserves errno, because the callers promise it. A function that may be called while a lock is held
// calls the system itself, and no function of the C library. A program may replace mmap or clock_gettime by a function
// that allocates.

// Calls the system. Returns its result, which is -errno on failure, and leaves errno as it is.
__attribute__((always_inline)) static inline long slm_port_system_call(long number, long a, long b, long c, long d,
                                                                       long e, long f) {
#if defined(__x86_64__)
  long result;
  register long d_ __asm__("r10") = d, e_ __asm__("r8") = e, f_ __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d_), "r"(e_), "r"(f_)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long result __asm__("x0") = a;
  register long number_ __asm__("x8") = number, b_ __asm__("x1") = b, c_ __asm__("x2") = c;
  register long d_ __asm__("x3") = d, e_ __asm__("x4") = e, f_ __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(result) : "r"(number_), "r"(b_), "r"(c_), "r"(d_), "r"(e_), "r"(f_) : "memory");
  return result;
#else
  int saved = errno;
  long result = syscall(number, a, b, c, d, e, f);
  if (result == -1) result = -errno;
  errno = saved;
  return result;
#endif
}

// Whether the result of a system call is an error: its negative number.
static inline int slm_port_is_error(long result) { return result < 0 && result >= -4095; }

// Maps anonymous memory; NULL if there is none.
static inline void *slm_port_map_anonymous(void *place, size_t bytes, int protection, int flags) {
  long address =
      slm_port_system_call(SYS_mmap, (long)place, (long)bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return slm_port_is_error(address) ? NULL : (void *)address;
}

// Names a mapping in /proc/PID/maps: [anon:slabmalloc]. A kernel that cannot leaves it without a name.
void slm_port_name(void *memory, size_t bytes) __attribute__((visibility("hidden")));

static inline void *slm_port_map_named(size_t bytes, int protection, int flags) {
  void *memory = slm_port_map_anonymous(NULL, bytes, protection, flags);
  if (memory != NULL) slm_port_name(memory, bytes);
  return memory;
}

static inline void *slm_port_map(size_t bytes) {
  return slm_port_map_named(bytes, PROT_READ | PROT_WRITE, MAP_NORESERVE);
}

static inline void slm_port_unmap(void *memory, size_t bytes) {
  slm_port_system_call(SYS_munmap, (long)memory, (long)bytes, 0, 0, 0, 0);
}

// Purges memory, which afterwards reads as zero, also where the program has locked pages and left them locked. 0 on
// success. Otherwise some of the memory may read as zero.
int slm_port_purge(void *memory, size_t bytes) __attribute__((visibility("hidden")));

static inline void slm_port_discard(void *memory, size_t bytes) { slm_port_purge(memory, bytes); }

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

// Identifies this thread by its thread pointer; never 0, and a multiple of 4.
static inline uintptr_t slm_port_thread(void) { return (uintptr_t)__builtin_thread_pointer(); }

static inline void slm_port_wait(uint32_t *word, uint32_t value) {
  slm_port_system_call(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, (long)value, 0, 0, 0);
}

static inline void slm_port_wake_one(uint32_t *word) {
  slm_port_system_call(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
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

// The slots of threads, see ThreadSlots.swift: a bit for each that is taken, and the number of this thread's slot.
enum { SLM_PORT_THREAD_SLOTS = 4096 };
extern uint64_t slm_port_thread_slots[SLM_PORT_THREAD_SLOTS / 64] __attribute__((visibility("hidden")));
static inline uint64_t *slm_port_thread_slots_address(void) { return slm_port_thread_slots; }
extern __thread uintptr_t slm_port_slot __attribute__((visibility("hidden"), tls_model("initial-exec")));
static inline uintptr_t slm_port_thread_slot(void) { return slm_port_slot; }
static inline void slm_port_set_thread_slot(uintptr_t slot) { slm_port_slot = slot; }

// The bin of a run that has none: zeros. Nothing ever writes to it.
extern unsigned char slm_port_no_bin[128] __attribute__((visibility("hidden")));
static inline void *slm_port_no_bin_address(void) { return slm_port_no_bin; }

// The state of the process's heaps.
extern unsigned char slm_port_process[16384] __attribute__((visibility("hidden")));
static inline void *slm_port_process_address(void) { return slm_port_process; }

// Makes the thread return its heap and its slot when it ends, after a round of the destructors of its keys. The heap's
// address is even; a thread that has none passes its stand-in.
void slm_port_watch_thread(void *heap) __attribute__((visibility("hidden")));
// Makes fork() wait until no thread changes the state that heaps share.
void slm_port_watch_forks(void) __attribute__((visibility("hidden")));

// Keeps the shared object that holds this library loaded for ever, see Pin.c. 0 if it stays.
int slm_port_pin(void) __attribute__((visibility("hidden")));

// Reserves address space without memory; NULL if there is none. The system may refuse to commit more than it has.
static inline void *slm_port_reserve(size_t bytes) { return slm_port_map_named(bytes, PROT_NONE, 0); }

// Includes memory in core dumps, or leaves it out. 0 on success.
static inline int slm_port_set_dumped(void *memory, size_t bytes, int is_dumped) {
  int advice = is_dumped ? MADV_DODUMP : MADV_DONTDUMP;
  return (int)slm_port_system_call(SYS_madvise, (long)memory, (long)bytes, advice, 0, 0, 0);
}

// Finds address space for a segment that grows, where nothing of this process lies, and keeps it apart from that of
// other copies of this library. Only the first `head` bytes are mapped: they are usable and read as zero. NULL if there
// is none.
void *slm_port_place(size_t bytes, size_t head) __attribute__((visibility("hidden")));

// Maps address space at this very place. Usable memory reads as zero. 1 if something else lies there, -1 if the system
// refuses.
int slm_port_map_at(void *memory, size_t bytes, int is_usable) __attribute__((visibility("hidden")));

// Commits reserved address space. It reads as zero the first time. 0 on success. A sandbox may forbid to change the
// protection of memory, and still allow to map memory anew.
static inline int slm_port_commit(void *memory, size_t bytes) {
  long result = slm_port_system_call(SYS_mprotect, (long)memory, (long)bytes, PROT_READ | PROT_WRITE, 0, 0, 0);
  if (result == 0 || result == -ENOMEM) return (int)result;
  return slm_port_map_anonymous(memory, bytes, PROT_READ | PROT_WRITE, MAP_FIXED) == memory ? 0 : -1;
}

// Makes memory inaccessible. It faults on access and keeps its content. 0 on success.
static inline int slm_port_protect(void *memory, size_t bytes) {
  return (int)slm_port_system_call(SYS_mprotect, (long)memory, (long)bytes, PROT_NONE, 0, 0, 0);
}

// A number that nobody can foresee. It is weaker before the system has random numbers to give.
static inline uint64_t slm_port_random(void) {
  uint64_t number;
  long got = slm_port_system_call(SYS_getrandom, (long)&number, sizeof number, 1 /* don't wait */, 0, 0, 0);
  if (got != sizeof number) {
    struct timespec now = {0, 0};
    slm_port_system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    number = ((uint64_t)now.tv_nsec << 32 ^ (uintptr_t)&number ^ (uint64_t)now.tv_sec) * 0x9E3779B97F4A7C15ULL;
  }
  return number;
}

// Gives usable memory another size: where it is if `to` is NULL, or at a reserved place; nothing is mapped at the old
// one afterwards. 0 on success; on failure nothing has changed.
int slm_port_remap(void *memory, size_t bytes, size_t new_bytes, void *to) __attribute__((visibility("hidden")));
// The same, at a place that the system chooses. NULL on failure.
void *slm_port_remap_anywhere(void *memory, size_t bytes, size_t new_bytes) __attribute__((visibility("hidden")));

// Moves memory to another place. The content of the old place is undefined afterwards. 0 on success; on failure nothing
// has changed.
int slm_port_move(void *from, void *to, size_t bytes) __attribute__((visibility("hidden")));

// Reads the start of a small file. Returns how many bytes it got, 0 if there is no such file. Calls the system itself.
long slm_port_read_file(const char *path, char *text, size_t size) __attribute__((visibility("hidden")));

// What the system does about huge pages, of 2 MiB: it has none, has them where they are advised, or everywhere.
enum { SLM_PORT_HUGE_PAGES_NONE, SLM_PORT_HUGE_PAGES_ADVISED, SLM_PORT_HUGE_PAGES_ALWAYS };
int slm_port_huge_pages(void) __attribute__((visibility("hidden")));
// Advises huge pages for memory, or advises against them. 0 on success. Nothing becomes resident.
static inline int slm_port_advise_huge(void *memory, size_t bytes, int is_wanted) {
  int advice = is_wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
  return (int)slm_port_system_call(SYS_madvise, (long)memory, (long)bytes, advice, 0, 0, 0);
}
// How many bytes of memory are resident; 0 if the system does not know. Memory that is not mapped is not resident.
size_t slm_port_resident(void *memory, size_t bytes) __attribute__((visibility("hidden")));

// How many mappings the system lets this process have.
size_t slm_port_mappings(void) __attribute__((visibility("hidden")));

static inline size_t slm_port_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// A clock that never goes back, without a system call where the kernel offers that.
uint64_t slm_port_milliseconds(void) __attribute__((visibility("hidden")));

// glibc's mallinfo and mallinfo2, under names that every C library has.
typedef struct {
  int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} slm_port_mallinfo;
typedef struct {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} slm_port_mallinfo2;

// glibc's M_TRIM_THRESHOLD, which not every C library has.
static inline int slm_port_trim_threshold(void) { return -1; }
// Writes to a FILE of the C library.
void slm_port_write_file(void *file, const void *text, size_t bytes) __attribute__((visibility("hidden")));

static inline int slm_port_errno(void) { return errno; }
static inline void slm_port_set_errno(int error) { errno = error; }
static inline int slm_port_no_memory(void) { return ENOMEM; }
static inline int slm_port_invalid(void) { return EINVAL; }
static inline void slm_port_abort(void) { abort(); }
static inline void slm_port_write_error(const void *text, size_t bytes) {
  slm_port_system_call(SYS_write, 2, (long)text, (long)bytes, 0, 0, 0);
}

static inline uintptr_t slm_port_process_id(void) { return (uintptr_t)getpid(); }
static inline uintptr_t slm_port_thread_id(void) { return (uintptr_t)syscall(SYS_gettid); }

// What the C library needs where one of the first constructors loads a shared object.
void slm_port_before_loading(void) __attribute__((visibility("hidden")));
void slm_port_after_loading(void) __attribute__((visibility("hidden")));

// Writes the call stack to stderr, see CallStack.c. The first function is called before, and may allocate.
void slm_port_prepare_call_stack(void) __attribute__((visibility("hidden")));
void slm_port_write_call_stack(void) __attribute__((visibility("hidden")));

// --- The heap profile ------------------------------------------------------------------------------

// The state of the process's profile.
enum { SLM_PORT_SAMPLER_BYTES = 512 };
extern unsigned char slm_port_sampler[SLM_PORT_SAMPLER_BYTES] __attribute__((visibility("hidden")));
static inline void *slm_port_sampler_address(void) { return slm_port_sampler; }

// Loads the C library's unwinder, and may allocate. 0 if there is none.
int slm_port_load_unwinder(void) __attribute__((visibility("hidden")));
// What it does besides for samples.
void slm_port_prepare_samples(void) __attribute__((visibility("hidden")));
// Where the calls on the stack return to, the innermost first and without those of this library. Returns how many there
// are; 0 if no unwinder was loaded. Allocates nothing.
int slm_port_call_stack(void *frames, int most) __attribute__((visibility("hidden")));

// Reads /proc/self/maps as far as there is room. Returns how many bytes it got. Calls the system itself.
long slm_port_read_maps(void *text, size_t size) __attribute__((visibility("hidden")));

// The file of a profile, see SampleFile.c. One thread at a time. 0 on success; after a failure nothing is there that
// was not there before.
int slm_port_begin_file(const char *path) __attribute__((visibility("hidden")));
void slm_port_write_to_file(const void *bytes, size_t count) __attribute__((visibility("hidden")));
int slm_port_end_file(void) __attribute__((visibility("hidden")));

// --- Statistics ------------------------------------------------------------------------------------

// Copies a path and replaces its first %p by the process's number. 0 on success.
enum { SLM_PORT_PATH_BYTES = 4096 };
int slm_port_expand_path(const char *path, char *out) __attribute__((visibility("hidden")));

// The state of the process's statistics.
enum { SLM_PORT_STATISTICS_BYTES = 24576 };
extern unsigned char slm_port_statistics[SLM_PORT_STATISTICS_BYTES] __attribute__((visibility("hidden")));
static inline void *slm_port_statistics_address(void) { return slm_port_statistics; }

// The file that gets them, %p replaced. Without one it is stderr. Files are appended to.
int slm_port_output_is_writable(const char *path) __attribute__((visibility("hidden")));
void slm_port_set_output(const char *path) __attribute__((visibility("hidden")));
const char *slm_port_output_path(void) __attribute__((visibility("hidden")));
// A descriptor; below 0 if the file cannot be opened.
int slm_port_open_output(void) __attribute__((visibility("hidden")));
// 0 on success. After a failure nothing of the report is in the file.
int slm_port_write_output(int file, const void *text, size_t bytes) __attribute__((visibility("hidden")));
// The same of any file, but what is half written stays.
int slm_port_write_quietly(int file, const void *text, size_t bytes) __attribute__((visibility("hidden")));
void slm_port_close_output(int file) __attribute__((visibility("hidden")));
// The name of the program, as ps shows it; empty if /proc is not there.
void slm_port_program_name(void *out, size_t bytes) __attribute__((visibility("hidden")));

// The number of a signal; 0 if the name is not known.
int slm_port_signal_number(const char *name) __attribute__((visibility("hidden")));
int slm_port_can_handle(int signal) __attribute__((visibility("hidden")));
// Handles this signal, unless it is 0, and those that end the process and have no handler.
void slm_port_watch_signals(int chosen) __attribute__((visibility("hidden")));
static inline void slm_port_yield(void) { slm_port_system_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0); }

// --- Inspection from outside -----------------------------------------------------------------------

// The ELF note of Inspection.c: its type, the version of its record, and the layout that this build has.
#define SLM_PORT_INSPECTION_TYPE 1
#define SLM_PORT_INSPECTION_VERSION 1
typedef struct {
  uint32_t version, layout;
  int64_t distance; // from this field to slm_port_process
} slm_port_inspection;
uint32_t slm_port_layout(void) __attribute__((visibility("hidden")));

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
// Whether this process is a child of the one that records.
int slm_port_trace_is_of_parent(void) __attribute__((visibility("hidden")));
// Replaces a mapped part by memory of this process's own, which stays mapped.
void slm_port_trace_detach(void *window, size_t bytes) __attribute__((visibility("hidden")));
// Closes the file and gives it this size. Does nothing in a child.
void slm_port_trace_close(size_t size) __attribute__((visibility("hidden")));

// The forms of C++'s operators new and delete.
enum { SLM_PORT_NOTHROW = 1, SLM_PORT_ALIGNED = 2, SLM_PORT_ARRAY = 4 };
// Whether all of the process's operators are this library's, so that each may do its work without calling another. A
// program that has some of its own expects that the others call those.
enum { SLM_PORT_OWN_OPERATORS = 1 };
extern unsigned char slm_port_operators __attribute__((visibility("hidden")));
int slm_port_look_at_operators(void) __attribute__((visibility("hidden")));
// Whether that is known already.
static inline int slm_port_has_own_operators(void) { return slm_port_operators == SLM_PORT_OWN_OPERATORS; }
static inline int slm_port_owns_operators(void) { return slm_port_has_own_operators() || slm_port_look_at_operators(); }
// The process's operators of a form without nothrow_t.
void *slm_port_first_new(int form, size_t size, size_t alignment) __attribute__((visibility("hidden")));
void slm_port_first_delete(int form, void *object, size_t alignment) __attribute__((visibility("hidden")));
// The operator new that this library's hides. It calls the new_handler, and throws; that of a form with nothrow_t
// returns NULL.
void *slm_port_next_new(int form, size_t size, size_t alignment, const void *tag) __attribute__((visibility("hidden")));
int slm_port_has_environment(void) __attribute__((visibility("hidden")));
// Returns the next variable of the environment whose name starts with SLABMALLOC_, from *position on; NULL after the
// last, and in a program that has more rights than its caller, such as a setuid program.
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
