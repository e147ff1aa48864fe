/* Does what a trace says, with whatever malloc the program has: LD_PRELOAD=... replay TRACE. Each thread of the trace is a thread here,
 * but one event happens after the other, as recorded: so a run is the same each time, and for each malloc. Each object has a pattern,
 * which is checked when it goes. What replay needs itself it maps.
 *
 * The first line is the same for each malloc: what was done. The second says what it took. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "trace.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 256, END_BYTES = 64 };

typedef struct object {
  unsigned char *memory;
  uint64_t size;
} object;

static struct {
  const trace_event *events;
  size_t count, at, skipped, objects, live, faults;
  uint64_t bytes, peak;
  object *table;            /* an object for each allocation */
  uint32_t *before, *after; /* for each event, the objects that end and begin: 1 + index, or 0 */
  sem_t turn[MOST_THREADS];
  pthread_t threads[MOST_THREADS];
  size_t thread_count;
} r;

static void stop(const char *why) {
  fprintf(stderr, "replay: %s\n", why);
  exit(2);
}

static void *map(size_t bytes) {
  void *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) stop("no memory for the trace");
  return memory;
}

static void load(const char *name) {
  struct stat status;
  int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) stop("there is no such trace");
  void *bytes = mmap(NULL, (size_t)status.st_size + 1, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (bytes == MAP_FAILED) stop("the trace can't be mapped");
  close(file);
  r.count = (size_t)status.st_size / sizeof(trace_event);
  r.events = bytes;
  if (r.count == 0 || r.events[0].size != TRACE_MAGIC || r.events[0].operation != 0) stop("this is no trace");
}

/* ---- addresses become objects: a hash table of those that live ---- */

typedef struct place {
  uint64_t address;
  uint32_t object;
} place;

static uint64_t hash(uint64_t address, uint64_t mask) { return address * UINT64_C(0x9E3779B97F4A7C15) >> 20 & mask; }

static place *find(place *places, uint64_t mask, uint64_t address) {
  uint64_t at = hash(address, mask);
  while (places[at].object != 0 && places[at].address != address) at = (at + 1) & mask;
  return &places[at];
}

/** Takes one out, and moves up those behind it that it had pushed aside. */
static uint32_t take(place *places, uint64_t mask, uint64_t address) {
  place *hole = find(places, mask, address);
  uint32_t object = hole->object;
  if (object == 0) return 0;
  hole->object = 0;
  for (uint64_t at = ((uint64_t)(hole - places) + 1) & mask; places[at].object != 0; at = (at + 1) & mask) {
    place moved = places[at];
    places[at].object = 0;
    *find(places, mask, moved.address) = moved;
  }
  return object;
}

static void number_objects(void) {
  uint64_t mask = 1023;
  while (mask < 2 * r.count) mask = mask * 2 + 1;
  place *places = map((mask + 1) * sizeof *places);
  r.table = map((r.count + 1) * sizeof *r.table);
  r.before = map(r.count * sizeof *r.before);
  r.after = map(r.count * sizeof *r.after);
  for (size_t i = 1; i < r.count; i++) {
    const trace_event *event = &r.events[i];
    if (event->operation < TRACE_MALLOC || event->operation > TRACE_FREE || event->thread >= MOST_THREADS)
      stop("the trace has an event that is none");
    if (event->thread >= r.thread_count) r.thread_count = (size_t)event->thread + 1;
    if (event->before != 0) r.before[i] = take(places, mask, event->before);
    if (event->after == 0) continue;
    r.after[i] = (uint32_t)++r.objects;
    *find(places, mask, event->after) = (place){event->after, r.after[i]};
  }
  munmap(places, (mask + 1) * sizeof *places + 1);
  memset(r.table, 0, (r.count + 1) * sizeof *r.table); /* is resident from now on */
}

/* ---- objects ---- */

static unsigned char pattern(uint32_t number, size_t at) { return (unsigned char)(number * 31 + at * 7 + 1); }

/** Both ends of an object. */
static void fill(uint32_t number) {
  const object *o = &r.table[number];
  for (size_t i = 0; i < o->size; i++) {
    if (i == END_BYTES && o->size > 2 * END_BYTES) i = o->size - END_BYTES;
    o->memory[i] = pattern(number, i);
  }
}

static void check(uint32_t number, const unsigned char *memory, size_t size) {
  const object *o = &r.table[number];
  for (size_t i = 0; i < size; i++) {
    if (i == END_BYTES && o->size > 2 * END_BYTES) i = o->size - END_BYTES;
    if (i < size && memory[i] != pattern(number, i)) {
      r.faults++;
      return;
    }
  }
}

static void begin_object(uint32_t number, void *memory, uint64_t size, uint64_t alignment) {
  if (memory == NULL) stop("no memory for an object of the trace");
  if ((uintptr_t)memory % alignment != 0) r.faults++;
  r.table[number] = (object){memory, size};
  fill(number);
  r.live++;
  r.bytes += size;
  if (r.bytes > r.peak) r.peak = r.bytes;
}

static void end_object(uint32_t number) {
  r.live--;
  r.bytes -= r.table[number].size;
  r.table[number].memory = NULL;
}

static void *allocate(const trace_event *event) {
  if (event->operation == TRACE_CALLOC) {
    unsigned char *memory = calloc(1, event->size);
    if (memory != NULL && event->size > 0 && (memory[0] != 0 || memory[event->size - 1] != 0)) r.faults++;
    return memory;
  }
  if (event->operation == TRACE_ALIGNED) return aligned_alloc((size_t)1 << event->alignment, event->size);
  return malloc(event->size);
}

static void do_event(size_t index) {
  const trace_event *event = &r.events[index];
  uint32_t before = r.before[index], after = r.after[index];
  if (event->before != 0 && before == 0) r.skipped++; /* it was there before the recording began */
  unsigned char *old = before != 0 ? r.table[before].memory : NULL;
  if (event->operation == TRACE_FREE) {
    if (before == 0) return;
    check(before, old, r.table[before].size);
    end_object(before);
    free(old);
  } else if (event->operation == TRACE_REALLOC && before != 0) {
    size_t kept = r.table[before].size < event->size ? r.table[before].size : event->size;
    unsigned char *memory = realloc(old, event->size);
    if (memory != NULL) check(before, memory, kept);
    end_object(before);
    begin_object(after, memory, event->size, 1);
  } else {
    begin_object(after, allocate(event), event->size,
                 event->operation == TRACE_ALIGNED ? (uint64_t)1 << event->alignment : 1);
  }
}

/** Does its own events, and passes the turn on to the thread of the next one. */
static void *thread_body(void *argument) {
  size_t self = (uintptr_t)argument;
  for (;;) {
    while (sem_wait(&r.turn[self]) != 0) {
    }
    while (r.at < r.count && r.events[r.at].thread == self) do_event(r.at++);
    if (r.at < r.count) {
      sem_post(&r.turn[r.events[r.at].thread]);
    } else {
      for (size_t i = 0; i < r.thread_count; i++) sem_post(&r.turn[i]);
      return NULL;
    }
  }
}

static double processor_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static size_t status_kib(const char *field) {
  static char text[4096];
  int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[got < 0 ? 0 : got] = '\0';
  const char *line = strstr(text, field);
  return line == NULL ? 0 : strtoull(line + strlen(field), NULL, 10);
}

/** The most that was resident counts from now on: loading took more. */
static void forget_peak(void) {
  int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, "5", 1) != 1) fprintf(stderr, "replay: the peak is that of loading\n");
  if (file >= 0) close(file);
}

int main(int count, char **arguments) {
  if (count != 2) stop("usage: replay TRACE");
  load(arguments[1]);
  number_objects();
  forget_peak();
  size_t resident = status_kib("VmRSS:");
  double start = processor_seconds();
  r.at = 1;
  for (size_t i = 0; i < r.thread_count; i++) {
    sem_init(&r.turn[i], 0, 0);
    if (pthread_create(&r.threads[i], NULL, thread_body, (void *)i) != 0) stop("no thread");
  }
  if (r.count > 1) sem_post(&r.turn[r.events[1].thread]);
  for (size_t i = 0; i < r.thread_count; i++) pthread_join(r.threads[i], NULL);
  double seconds = processor_seconds() - start;
  size_t most = status_kib("VmHWM:"), left = r.live;
  for (size_t i = 1; i <= r.objects; i++) {
    if (r.table[i].memory == NULL) continue;
    check((uint32_t)i, r.table[i].memory, r.table[i].size);
    free(r.table[i].memory);
  }
  printf("%zu events of %zu threads, %zu objects, %llu KiB at the peak, %zu objects left, %zu skipped, %zu faults\n",
         r.count - 1, r.thread_count, r.objects, (unsigned long long)r.peak / 1024, left, r.skipped, r.faults);
  printf("%.3f s of processor time, %zu KiB resident at the peak, %zu KiB of that before the first event\n", seconds,
         most, resident);
  return r.faults != 0;
}
