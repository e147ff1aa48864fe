/* The binary form of a trace. */
#include "trace.h"

#include <string.h>

static const char magic[8] = {'s', 'l', 'm', 't', 'r', 'a', 'c', 'e'};

typedef struct reader {
  const char *path;
  const unsigned char *bytes;
  size_t position, count;
  size_t record; /**< where the record starts that is read */
} reader;

static unsigned next_byte(reader *r) {
  if (r->position == r->count) refuse("%s: ends in the middle of the record at byte %zu", r->path, r->record);
  return r->bytes[r->position++];
}

static uint64_t next_number(reader *r) {
  uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    unsigned byte = next_byte(r);
    if (shift > 63 || (shift == 63 && byte > 1)) refuse("%s: byte %zu: a number above 64 bits", r->path, r->record);
    number |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return number;
  }
}

static void next_pointer(reader *r, uint32_t objects, trace_event *e) {
  uint64_t first = next_number(r), age = first >> 1;
  if (age > objects)
    refuse("%s: byte %zu: an object before the first one: %llu of %u", r->path, r->record, (unsigned long long)age,
           objects);
  e->pointer = age == 0 ? 0 : (uint32_t)(objects + 1 - age);
  if (first & 1) {
    uint64_t offset = next_number(r);
    e->offset = (int64_t)(offset >> 1) ^ -(int64_t)(offset & 1);
  }
}

static uint32_t next_thread(reader *r, bool *started, bool is_new) {
  uint64_t number = next_number(r);
  if (number >= TRACE_MOST_THREADS) refuse("%s: byte %zu: thread %llu", r->path, r->record, (unsigned long long)number);
  if (started[number] == is_new)
    refuse("%s: byte %zu: thread %llu %s", r->path, r->record, (unsigned long long)number,
           is_new ? "starts twice" : "has not started");
  started[number] = true;
  return (uint32_t)number;
}

/** The allocation of the same thread that the record before was of. */
static trace_event *last_operation(reader *r, trace *t, uint32_t thread, const char *what) {
  for (size_t i = t->count; i > 0; i--) {
    trace_event *e = &t->events[i - 1];
    if (e->kind == TRACE_MISUSE) continue;
    if (e->thread == thread && trace_makes_object(e) && !e->failed) return e;
    break;
  }
  refuse("%s: byte %zu: %s after no allocation", r->path, r->record, what);
}

static void read_record(reader *r, trace *t, bool *started, uint32_t *thread) {
  r->record = r->position;
  unsigned kind = next_byte(r);
  trace_event e = {.kind = (uint8_t)kind, .thread = *thread};
  if (*thread == UINT32_MAX && kind != TRACE_START && kind != TRACE_END && kind != TRACE_NOTHING)
    refuse("%s: byte %zu: a record before the first thread has started", r->path, r->record);
  switch (kind) {
  case TRACE_NOTHING:
    r->position = r->record + TRACE_MOST < r->count ? r->record + TRACE_MOST : r->count;
    for (; r->position < r->count; r->position++)
      if (r->bytes[r->position] != 0)
        refuse("%s: byte %zu: something follows where there is nothing", r->path, r->position);
    return;
  case TRACE_END:
    t->has_end = true;
    t->end_operations = next_number(r);
    t->end_peak = next_number(r);
    if (r->position != r->count) refuse("%s: byte %zu: something follows the end", r->path, r->position);
    return;
  case TRACE_START:
  case TRACE_THREAD:
    *thread = next_thread(r, started, kind == TRACE_START);
    if (t->threads <= *thread) t->threads = *thread + 1;
    if (kind == TRACE_THREAD) return;
    e.thread = *thread;
    break;
  case TRACE_STOP:
    break;
  case TRACE_MALLOC:
  case TRACE_CALLOC:
    e.size = next_number(r);
    break;
  case TRACE_ALIGNED: {
    uint64_t shift = next_number(r);
    if (shift > 63) refuse("%s: byte %zu: an alignment above 64 bits", r->path, r->record);
    e.shift = (uint8_t)shift;
    e.size = next_number(r);
    break;
  }
  case TRACE_REALLOC:
    next_pointer(r, t->objects, &e);
    e.size = next_number(r);
    break;
  case TRACE_FREE:
    next_pointer(r, t->objects, &e);
    break;
  case TRACE_FAILED: {
    trace_event *failed = last_operation(r, t, *thread, "a failure");
    failed->failed = true;
    failed->object = 0;
    t->objects--;
    return;
  }
  case TRACE_MISUSE: {
    trace_event *last = t->count == 0 ? NULL : &t->events[t->count - 1];
    if (last == NULL || last->thread != *thread || !trace_is_operation(last))
      refuse("%s: byte %zu: a misuse after no operation", r->path, r->record);
    last->misused = true;
    e.size = next_number(r);
    next_pointer(r, t->objects - trace_makes_object(last), &e);
    break;
  }
  case TRACE_REFUSED:
    e.size = next_number(r);
    next_pointer(r, t->objects, &e);
    break;
  default:
    refuse("%s: byte %zu: unknown record %u", r->path, r->record, kind);
  }
  if (trace_makes_object(&e)) e.object = ++t->objects;
  trace_append(t, e);
}

trace trace_read(const char *path) {
  trace t = {0};
  reader r = {.path = path};
  unsigned char *bytes = file_read(path, &r.count);
  r.bytes = bytes;
  if (r.count < sizeof magic + 1 || memcmp(bytes, magic, sizeof magic) != 0) refuse("%s: is no trace", path);
  if (bytes[sizeof magic] != TRACE_VERSION)
    refuse("%s: is of version %u, and only %u is known", path, bytes[sizeof magic], TRACE_VERSION);
  r.position = sizeof magic + 1;
  bool *started = pages(TRACE_MOST_THREADS);
  uint32_t thread = UINT32_MAX;
  while (r.position < r.count) read_record(&r, &t, started, &thread);
  release_pages(started, TRACE_MOST_THREADS);
  release_pages(bytes, r.count);
  if (t.has_end) {
    trace_summary s = trace_summarize(&t);
    if (s.operations != t.end_operations || s.peak_bytes != t.end_peak)
      refuse("%s: has %llu operations and a peak of %llu bytes, but its end says %llu and %llu", path,
             (unsigned long long)s.operations, (unsigned long long)s.peak_bytes, (unsigned long long)t.end_operations,
             (unsigned long long)t.end_peak);
  }
  return t;
}

static unsigned char *put_number(unsigned char *next, uint64_t number) {
  for (; number >= 128; number >>= 7) *next++ = (unsigned char)(number | 128);
  *next++ = (unsigned char)number;
  return next;
}

static unsigned char *put_pointer(unsigned char *next, const trace_event *e, uint32_t objects) {
  uint64_t age = e->pointer == 0 ? 0 : (uint64_t)objects + 1 - e->pointer;
  next = put_number(next, age << 1 | (e->offset != 0));
  return e->offset == 0 ? next : put_number(next, (uint64_t)e->offset << 1 ^ (uint64_t)(e->offset >> 63));
}

void trace_write(const trace *t, const char *path) {
  enum { MOST = 48 }; /* bytes of the records of one event */
  size_t capacity = t->count * MOST + 64;
  unsigned char *bytes = pages(capacity), *next = bytes;
  memcpy(next, magic, sizeof magic);
  next += sizeof magic;
  *next++ = TRACE_VERSION;
  uint32_t thread = UINT32_MAX, objects = 0;
  bool owes_failure = false;
  for (size_t i = 0; i < t->count; i++) {
    const trace_event *e = &t->events[i];
    if (owes_failure && e->kind != TRACE_MISUSE) {
      *next++ = TRACE_FAILED;
      owes_failure = false;
    }
    if (e->kind != TRACE_START && e->thread != thread) {
      *next++ = TRACE_THREAD;
      next = put_number(next, e->thread);
    }
    thread = e->thread;
    *next++ = e->kind;
    switch (e->kind) {
    case TRACE_START:
      next = put_number(next, e->thread);
      break;
    case TRACE_ALIGNED:
      next = put_number(next, e->shift);
      break;
    case TRACE_REALLOC:
    case TRACE_FREE:
      next = put_pointer(next, e, objects);
      break;
    case TRACE_MISUSE: {
      bool is_made = trace_makes_object(e - 1) && !(e - 1)->failed;
      next = put_pointer(put_number(next, e->size), e, objects - is_made);
      break;
    }
    case TRACE_REFUSED:
      next = put_pointer(put_number(next, e->size), e, objects);
      break;
    default:
      break;
    }
    if (trace_makes_object(e)) next = put_number(next, e->size);
    if (trace_makes_object(e) && !e->failed) objects++;
    owes_failure = owes_failure || e->failed;
  }
  if (owes_failure) *next++ = TRACE_FAILED;
  if (t->has_end) {
    trace_summary s = trace_summarize(t);
    *next++ = TRACE_END;
    next = put_number(put_number(next, s.operations), s.peak_bytes);
  }
  file_write(path, bytes, (size_t)(next - bytes));
  release_pages(bytes, capacity);
}
