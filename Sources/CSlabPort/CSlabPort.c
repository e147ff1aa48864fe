// The hosted port: the process's state in zero-filled memory, the stand-in for a thread without a heap, the end of
// threads, forks, moved mappings, C++'s next operator new, and the environment.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>

unsigned char slm_port_system_pages[256] __attribute__((aligned(64)));
uint64_t slm_port_arenas[SLM_PORT_ADDRESS_BITS_WORDS];
uint64_t slm_port_arena_starts[SLM_PORT_ADDRESS_BITS_WORDS];
uintptr_t slm_port_resizers[4];

unsigned char slm_port_process[16384] __attribute__((aligned(64)));
unsigned char slm_port_no_bin[128] __attribute__((aligned(64)));

// The core defines these functions for a thread without a heap.
uintptr_t slm_core_thread_allocate(uintptr_t size, void *heap) __attribute__((visibility("hidden")));
uintptr_t slm_core_thread_allocate_aligned(uintptr_t size, uintptr_t alignment, void *heap)
    __attribute__((visibility("hidden")));
uintptr_t slm_core_thread_allocate_zeroed(uintptr_t size, void *heap) __attribute__((visibility("hidden")));
uintptr_t slm_core_thread_reallocate(uintptr_t address, uintptr_t size, void *heap)
    __attribute__((visibility("hidden")));
int32_t slm_core_thread_deallocate(uintptr_t address, void *heap) __attribute__((visibility("hidden")));
uintptr_t slm_core_thread_adopt(void *run, void *heap) __attribute__((visibility("hidden")));

static const slm_port_stand_in stand_in = {
    .allocate = slm_core_thread_allocate,
    .allocate_aligned = slm_core_thread_allocate_aligned,
    .allocate_zeroed = slm_core_thread_allocate_zeroed,
    .reallocate = slm_core_thread_reallocate,
    .deallocate = slm_core_thread_deallocate,
    .adopt = slm_core_thread_adopt,
};
#define STAND_IN                                                                                                       \
  { [SLM_PORT_HEAP_POOL] = slm_port_process, [SLM_PORT_HEAP_STAND_IN] = (void *)&stand_in }
void *slm_port_no_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((aligned(64))) = STAND_IN;
void *slm_port_exited_heap[SLM_PORT_NO_HEAP_WORDS] __attribute__((aligned(64))) = STAND_IN;
__thread void *slm_port_heap = slm_port_no_heap;

__thread uintptr_t slm_port_numbered; // 1 + the thread's number; 0 before it has one
uintptr_t slm_port_number_thread(void) {
  static uintptr_t count;
  slm_port_numbered = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
  return slm_port_numbered - 1;
}

// The core defines these functions for the end of a thread, for fork, and for the start and end of the process.
void slm_core_thread_ended(void *heap) __attribute__((visibility("hidden")));
void slm_core_before_fork(void) __attribute__((visibility("hidden")));
void slm_core_after_fork(void) __attribute__((visibility("hidden")));
void slm_core_after_fork_in_child(void) __attribute__((visibility("hidden")));
void slm_core_process_begins(void) __attribute__((visibility("hidden")));
void slm_core_process_ends(void) __attribute__((visibility("hidden")));

static pthread_key_t thread_key;
static int has_thread_key;

void slm_port_watch_thread(void *heap) {
  int saved = errno;
  if (has_thread_key) pthread_setspecific(thread_key, heap);
  errno = saved;
}

#ifdef MREMAP_DONTUNMAP
// Moves in two steps, because some kernels unmap the target before they check whether they can move.
static int move_mapping(void *from, void *to, size_t bytes) {
  void *between = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
  if (between == MAP_FAILED) return -1;
  if (mremap(between, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
    void *again = mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (again != to) abort(); // neither place is left for the program's data
    memcpy(to, between, bytes);
    munmap(between, bytes);
  }
  return 0;
}

// An object that was moved and has grown consists of several mappings, and the kernel moves one at a time. The function
// splits the object into halves until each lies in one mapping, and copies small pieces.
static void move_halves(char *from, char *to, size_t bytes) {
  enum { SMALL = 1 << 20, PAGE = 1 << 16 };
  if (bytes <= SMALL) {
    memcpy(to, from, bytes);
  } else if (move_mapping(from, to, bytes) != 0) {
    size_t half = bytes / 2 & ~(size_t)(PAGE - 1);
    move_halves(from, to, half);
    move_halves(from + half, to + half, bytes - half);
  }
}

int slm_port_move(void *from, void *to, size_t bytes) {
  int saved = errno;
  int result = move_mapping(from, to, bytes);
  if (result != 0 && errno == EFAULT) {
    move_halves(from, to, bytes);
    result = 0;
  }
  errno = saved;
  return result;
}
#else
int slm_port_move(void *from, void *to, size_t bytes) {
  (void)from, (void)to, (void)bytes;
  return -1;
}
#endif

void slm_port_watch_forks(void) {
  // The constructor usually calls first, before a second thread exists. Later calls return here.
  if (has_thread_key) return;
  int saved = errno;
  has_thread_key = pthread_key_create(&thread_key, slm_core_thread_ended) == 0;
  pthread_atfork(slm_core_before_fork, slm_core_after_fork, slm_core_after_fork_in_child);
  errno = saved;
}

__attribute__((constructor)) static void process_begins(void) {
  slm_port_watch_forks();
  slm_core_process_begins();
}
__attribute__((destructor)) static void process_ends(void) { slm_core_process_ends(); }

void *slm_port_next_new(size_t size) {
  static const char *const runtimes[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
  void *(*next)(size_t) = (void *(*)(size_t))dlsym(RTLD_NEXT, "_Znwm");
  // RTLD_NEXT does not search a runtime that dlopen loaded with local scope. Such a runtime is opened by name.
  for (size_t i = 0; next == NULL && i < sizeof runtimes / sizeof *runtimes; i++) {
    void *runtime = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
    if (runtime != NULL) next = (void *(*)(size_t))dlsym(runtime, "_Znwm");
  }
  if (next == NULL) {
    static const char line[] = "slabmalloc: operator new is out of memory, and no C++ runtime is there to say so\n";
    slm_port_write_error(line, sizeof line - 1);
    abort();
  }
  return next(size);
}

extern char **environ;

// The address at which the kernel stored the number of arguments, followed by the arguments, NULL and the environment.
// The loader sets it.
extern void *__libc_stack_end __attribute__((weak));

// The C library's environment. Before the C library sets it, the environment that it will set.
static char **environment(void) {
  if (environ != NULL || &__libc_stack_end == NULL || __libc_stack_end == NULL) return environ;
  char **arguments = (char **)__libc_stack_end + 1;
  return arguments + *(long *)__libc_stack_end + 1;
}

int slm_port_has_environment(void) { return environment() != NULL; }

const char *slm_port_next_option(size_t *position) {
  static const char prefix[] = "SLABMALLOC_";
  _Static_assert(sizeof prefix - 1 == SLM_PORT_OPTION_PREFIX_LENGTH, "where the name of an option starts");
  char **entries = environment();
  while (entries && entries[*position]) {
    const char *entry = entries[(*position)++];
    if (strncmp(entry, prefix, sizeof prefix - 1) == 0) return entry;
  }
  return NULL;
}
#endif
