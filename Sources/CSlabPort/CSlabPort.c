#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>

unsigned char slm_port_system_pages[256] __attribute__((aligned(64)));
uint64_t slm_port_arenas[SLM_PORT_ADDRESS_BITS_WORDS];

unsigned char slm_port_process[16384] __attribute__((aligned(64)));
unsigned char slm_port_no_heap[SLM_PORT_NO_HEAP_BYTES] __attribute__((aligned(64)));
unsigned char slm_port_exited_heap[SLM_PORT_NO_HEAP_BYTES] __attribute__((aligned(64)));
__thread void *slm_port_heap = slm_port_no_heap;

// What the core defines for the two functions below, and for the end of the process.
void slm_core_thread_ended(void *heap) __attribute__((visibility("hidden")));
void slm_core_before_fork(void) __attribute__((visibility("hidden")));
void slm_core_after_fork(void) __attribute__((visibility("hidden")));
void slm_core_process_begins(void) __attribute__((visibility("hidden")));
void slm_core_process_ends(void) __attribute__((visibility("hidden")));

static pthread_key_t thread_key;
static int has_thread_key;

void slm_port_watch_thread(void *heap) {
  int saved = errno;
  if (has_thread_key) pthread_setspecific(thread_key, heap);
  errno = saved;
}

int slm_port_move(void *from, void *to, size_t bytes) {
#ifdef MREMAP_DONTUNMAP
  int saved = errno;
  void *between = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
  if (between != MAP_FAILED && mremap(between, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
    void *again = mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (again != to) abort(); // neither place is left for what the program holds
    memcpy(to, between, bytes);
    munmap(between, bytes);
  }
  errno = saved;
  return between == MAP_FAILED ? -1 : 0;
#else
  (void)from, (void)to, (void)bytes;
  return -1;
#endif
}

void slm_port_watch_forks(void) {
  // Before there is a second thread, unless the constructor is not the first to come here.
  if (has_thread_key) return;
  int saved = errno;
  has_thread_key = pthread_key_create(&thread_key, slm_core_thread_ended) == 0;
  pthread_atfork(slm_core_before_fork, slm_core_after_fork, slm_core_after_fork);
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
  // What dlopen has loaded for somebody alone is found by its name only.
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

int slm_port_has_environment(void) { return environ != NULL; }

const char *slm_port_next_option(size_t *position) {
  static const char prefix[] = "SLABMALLOC_";
  while (environ && environ[*position]) {
    const char *entry = environ[(*position)++];
    if (strncmp(entry, prefix, sizeof prefix - 1) == 0) return entry;
  }
  return NULL;
}
#endif
