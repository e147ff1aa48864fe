// The hosted port: the process's state in zero-filled memory, the stand-in for a thread without a heap, the end of
// threads, forks and named mappings.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <stdio.h>
#include <sys/prctl.h>

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

uint64_t slm_port_thread_slots[SLM_PORT_THREAD_SLOTS / 64] __attribute__((aligned(64)));
__thread uintptr_t slm_port_slot;

__thread uintptr_t slm_port_numbered; // 1 + the thread's number; 0 before it has one
uintptr_t slm_port_number_thread(void) {
  static uintptr_t count;
  slm_port_numbered = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
  return slm_port_numbered - 1;
}

// The core defines these functions for the end of a thread, for fork, and for the start and end of the process.
void slm_core_thread_ended(void) __attribute__((visibility("hidden")));
void slm_core_before_fork(void) __attribute__((visibility("hidden")));
void slm_core_after_fork(void) __attribute__((visibility("hidden")));
void slm_core_after_fork_in_child(void) __attribute__((visibility("hidden")));
void slm_core_process_begins(void) __attribute__((visibility("hidden")));
void slm_core_samples_begin(void) __attribute__((visibility("hidden")));
void slm_core_process_ends(void) __attribute__((visibility("hidden")));

static pthread_key_t thread_key;
static int has_thread_key, is_watching;

// The destructors of other keys often come after this one, and free what the thread has left. The thread therefore
// keeps its heap for a whole round of destructors, and returns it in the next one. The lowest bit of the key's value
// says that the first round is over. Not for longer: a thread that first allocates in a destructor has fewer rounds
// left.
static void thread_ends(void *value) {
  if (((uintptr_t)value & 1) == 0 && pthread_setspecific(thread_key, (char *)value + 1) == 0) return;
  slm_core_thread_ended();
}

void slm_port_watch_thread(void *heap) {
  int saved = errno;
  if (has_thread_key) pthread_setspecific(thread_key, heap);
  errno = saved;
}

void slm_port_name(void *memory, size_t bytes) {
  enum { SET_VMA = 0x53564d41, SET_VMA_NAME = 0 };
  static int is_refused; // by kernels that know no names: they are not asked again
  if (__atomic_load_n(&is_refused, __ATOMIC_RELAXED)) return;
  long result =
      slm_port_system_call(SYS_prctl, SET_VMA, SET_VMA_NAME, (long)memory, (long)bytes, (long)"slabmalloc", 0);
  if (result != 0) __atomic_store_n(&is_refused, 1, __ATOMIC_RELAXED);
}

void slm_port_watch_forks(void) {
  // The constructor usually calls first, before a second thread exists. Later calls return here.
  if (is_watching) return;
  is_watching = 1;
  int saved = errno;
  has_thread_key = pthread_key_create(&thread_key, thread_ends) == 0;
  pthread_atfork(slm_core_before_fork, slm_core_after_fork, slm_core_after_fork_in_child);
  errno = saved;
}

#ifndef SLM_TOOL // whose own heap this is not
static int is_pinned;

// Among the first constructors of a program, and of all its shared objects by -z initfirst. A handler of
// pthread_atfork() that is registered later runs while no lock is kept: it may take a mutex under which another thread
// allocates.
__attribute__((constructor(101))) static void process_begins(void) {
  is_pinned = slm_port_pin() == 0;
  slm_port_watch_forks();
  slm_core_process_begins();
}
// Not before the first constructor without a priority: that one tells the unwinder of a static program where to look.
__attribute__((constructor)) static void prepare_call_stack(void) {
  slm_port_prepare_call_stack();
  slm_core_samples_begin();
}
__attribute__((destructor)) static void process_ends(void) {
  slm_core_process_ends();
  // After dlclose() the code is gone. A thread that ends later keeps its heap.
  if (!is_pinned && has_thread_key) has_thread_key = pthread_key_delete(thread_key) != 0;
}
#endif

void slm_port_write_file(void *file, const void *text, size_t bytes) {
  size_t written = fwrite(text, 1, bytes, file);
  (void)written;
}
#endif
