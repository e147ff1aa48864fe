/* Records what a program asks its malloc for: LD_PRELOAD="record.so:another malloc's, if it isn't to be the C library's".
 * REPLAY_TRACE names the file; it must not be there yet, so that of a program and its children the first to allocate has it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
  void *(*malloc)(size_t), *(*calloc)(size_t, size_t), *(*realloc)(void *, size_t), *(*aligned)(size_t, size_t);
  void (*free)(void *);
} next;

static struct {
  pthread_mutex_t lock;
  int file; /* below 0: nothing is recorded */
  size_t count;
  uint16_t threads;
  trace_event events[2048];
} record = {.lock = PTHREAD_MUTEX_INITIALIZER, .file = -1};

static __thread uint16_t thread_number __attribute__((tls_model("initial-exec"))); /* from 1; 0: not numbered yet */

/** Serves what is asked for while the next malloc is looked up. It is never freed. */
static _Alignas(16) unsigned char early[65536];
static atomic_size_t early_used;

static bool is_early(const void *pointer) {
  return (const unsigned char *)pointer >= early && (const unsigned char *)pointer < early + sizeof early;
}

static void *allocate_early(size_t size) {
  size_t at = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);
  return at + size <= sizeof early ? early + at : NULL;
}

static void write_events(void) {
  const char *bytes = (const char *)record.events;
  size_t left = record.count * sizeof record.events[0];
  while (left > 0) {
    ssize_t done = write(record.file, bytes, left);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) break;
    bytes += done;
    left -= (size_t)done;
  }
  record.count = 0;
}

/** The lock is held. */
static void note(trace_event event) {
  if (record.file < 0) return;
  if (thread_number == 0) thread_number = ++record.threads;
  event.thread = (uint16_t)(thread_number - 1);
  record.events[record.count++] = event;
  if (record.count == sizeof record.events / sizeof record.events[0]) write_events();
}

static void lock(void) { pthread_mutex_lock(&record.lock); }
static void unlock(void) { pthread_mutex_unlock(&record.lock); }

/** The child of a fork is another program. */
static void stop_in_child(void) {
  record.file = -1;
  unlock();
}

/** With the first call, which may come from a constructor that runs before this library's. What the lookup itself asks for is served
 * early. */
static bool begin(void) {
  static bool begun;
  if (next.malloc != NULL) return true;
  if (begun) return false;
  begun = true;
  *(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
  *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
  *(void **)&next.aligned = dlsym(RTLD_NEXT, "aligned_alloc");
  *(void **)&next.free = dlsym(RTLD_NEXT, "free");
  const char *name = getenv("REPLAY_TRACE");
  int file = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file >= 0) {
    pthread_atfork(lock, unlock, stop_in_child);
    record.events[record.count++] = (trace_event){.size = TRACE_MAGIC};
    record.file = file;
  }
  *(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
  return next.malloc != NULL;
}

__attribute__((destructor)) static void end(void) {
  lock();
  if (record.file >= 0) write_events();
  unlock();
}

static void *noted(enum trace_operation operation, size_t alignment, size_t size, void *result) {
  if (result == NULL) return NULL;
  int error = errno;
  lock();
  note((trace_event){.operation = (uint8_t)operation,
                     .alignment = alignment ? (uint8_t)__builtin_ctzll(alignment) : 0,
                     .after = (uintptr_t)result,
                     .size = size});
  unlock();
  errno = error;
  return result;
}

void *malloc(size_t size) { return begin() ? noted(TRACE_MALLOC, 0, size, next.malloc(size)) : allocate_early(size); }

void *calloc(size_t count, size_t size) {
  if (!begin()) return allocate_early(count * size); /* static memory is 0 */
  return noted(TRACE_CALLOC, 0, count * size, next.calloc(count, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (!begin()) return NULL;
  return noted(TRACE_ALIGNED, alignment, size, next.aligned(alignment, size));
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  int error = errno;
  void *result = aligned_alloc(alignment, size);
  errno = error;
  if (result == NULL) return ENOMEM;
  *out = result;
  return 0;
}

void free(void *pointer) {
  if (pointer == NULL || is_early(pointer) || !begin()) return;
  lock();
  note((trace_event){.operation = TRACE_FREE, .before = (uintptr_t)pointer});
  unlock();
  next.free(pointer);
}

/** What was there early is copied. */
static void *leave_early(void *pointer, size_t size) {
  void *result = malloc(size);
  size_t most = (size_t)(early + sizeof early - (unsigned char *)pointer);
  if (result != NULL) memcpy(result, pointer, size < most ? size : most);
  return result;
}

/** The lock is held meanwhile: the address may be another's before this call returns. */
void *realloc(void *pointer, size_t size) {
  if (pointer == NULL) return malloc(size);
  if (is_early(pointer)) return leave_early(pointer, size);
  if (size == 0) return free(pointer), NULL;
  lock();
  void *result = next.realloc(pointer, size);
  int error = errno;
  if (result != NULL)
    note((trace_event){
        .operation = TRACE_REALLOC, .before = (uintptr_t)pointer, .after = (uintptr_t)result, .size = size});
  unlock();
  errno = error;
  return result;
}

void *reallocarray(void *pointer, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) return errno = ENOMEM, NULL;
  return realloc(pointer, bytes);
}
