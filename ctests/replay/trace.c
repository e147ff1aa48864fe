#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *pages(size_t bytes) {
  void *memory =
      mmap(NULL, bytes == 0 ? 1 : bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) refuse("no memory for %zu bytes", bytes);
  return memory;
}

void release_pages(void *memory, size_t bytes) { munmap(memory, bytes == 0 ? 1 : bytes); }

void refuse(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0) length = 0;
  if ((size_t)length > sizeof line - 2) length = sizeof line - 2;
  line[length] = '\n';
  ssize_t written = write(2, "slabmalloc-replay: ", 19);
  written = write(2, line, (size_t)length + 1);
  (void)written;
  _exit(2);
}

trace_event *trace_append(trace *t, trace_event event) {
  if (t->count == t->capacity) {
    size_t wider = t->capacity == 0 ? 1024 : t->capacity * 2;
    trace_event *events = pages(wider * sizeof *events);
    if (t->count > 0) {
      memcpy(events, t->events, t->count * sizeof *events);
      release_pages(t->events, t->capacity * sizeof *events);
    }
    t->events = events;
    t->capacity = wider;
  }
  if (t->count == UINT32_MAX - 1) refuse("a trace has more than 4 billion records");
  t->events[t->count] = event;
  return &t->events[t->count++];
}

void trace_dispose(trace *t) {
  if (t->capacity > 0) release_pages(t->events, t->capacity * sizeof *t->events);
  *t = (trace){0};
}

trace_summary trace_summarize(const trace *t) {
  trace_summary s = {0};
  size_t bytes = (t->objects + 1) * sizeof(uint64_t);
  uint64_t *sizes = pages(bytes); /* 1 + the size; 0: not live */
  for (size_t i = 0; i < t->count; i++) {
    const trace_event *e = &t->events[i];
    s.operations += trace_is_operation(e);
    s.threads += e->kind == TRACE_START;
    s.misuses += e->kind == TRACE_MISUSE || e->kind == TRACE_REFUSED;
    s.failed += e->failed;
    s.allocations += trace_makes_object(e);
    s.reallocations += e->kind == TRACE_REALLOC;
    s.frees += e->kind == TRACE_FREE;
    if ((e->kind == TRACE_FREE || e->kind == TRACE_REALLOC) && !e->failed && e->pointer != 0 && e->offset == 0 &&
        sizes[e->pointer] != 0) {
      s.live_bytes -= sizes[e->pointer] - 1;
      s.live_objects--;
      sizes[e->pointer] = 0;
    }
    if (trace_makes_object(e) && !e->failed) {
      sizes[e->object] = e->size + 1;
      s.live_bytes += e->size;
      s.live_objects++;
    }
    if (s.live_bytes > s.peak_bytes) s.peak_bytes = s.live_bytes;
  }
  release_pages(sizes, bytes);
  return s;
}

unsigned char *file_read(const char *path, size_t *count) {
  int file = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse("%s: %s", path, strerror(errno));
  size_t capacity = 1 << 20, length = 0;
  unsigned char *bytes = pages(capacity);
  for (;;) {
    ssize_t got = read(file, bytes + length, capacity - length);
    if (got < 0) refuse("%s: %s", path, strerror(errno));
    if (got == 0) break;
    length += (size_t)got;
    if (length < capacity) continue;
    void *wider = mremap(bytes, capacity, capacity * 2, MREMAP_MAYMOVE);
    if (wider == MAP_FAILED) refuse("%s: no memory for it", path);
    bytes = wider;
    capacity *= 2;
  }
  if (file != 0) close(file);
  bytes = mremap(bytes, capacity, length == 0 ? 1 : length, MREMAP_MAYMOVE);
  *count = length;
  return bytes;
}

void file_write(const char *path, const void *bytes, size_t count) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const char *next = bytes;
  while (file >= 0 && count > 0) {
    ssize_t written = write(file, next, count);
    if (written < 0) break;
    next += written;
    count -= (size_t)written;
  }
  if (file < 0 || count > 0 || close(file) != 0) refuse("%s: %s", path, strerror(errno));
}
