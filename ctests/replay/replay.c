/* Threads as recorded. The total order is kept by a turn: the number of the next step. Each thread sleeps until it is
 * its turn, and whoever ends a step wakes the thread of the next one. Free-running threads wait for objects only.
 *
 *     step      event, or the join of a thread after its stop
 *     executor  the thread that does it: the recorded one; the first one for starts, joins, and what a thread did after
 *     its stop
 */
#define _GNU_SOURCE
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NONE UINT32_MAX
enum { SPINS = 200 };

typedef struct step {
  uint32_t event;
  uint32_t executor;
  uint32_t next; /**< of the same executor, or NONE */
  bool is_join;
} step;

typedef struct player {
  _Atomic uint32_t awake_for; /**< the step for which it was woken last */
  uint32_t first, last;       /**< steps */
  pthread_t thread;
  bool is_running;
  uint64_t checked;
} player;

/* An object's address says what became of it: 0 not made yet, 1 it has failed, then where it is. */
enum { NOT_YET = 0, FAILED = 1 };

static struct {
  const trace *trace;
  const target *target;
  replay_options options;
  step *steps;
  size_t count;
  player *players;
  uint32_t main; /**< the first thread of the trace */
  _Atomic uint32_t turn;
  _Atomic uintptr_t *addresses;
  uint32_t *makers;       /**< events */
  _Atomic bool *are_live; /**< by object */
} r;

/* Somewhere that is no object of any malloc, for what the program took from elsewhere. */
static _Alignas(4096) unsigned char foreign[8192];

static _Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void fail(const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  line[length++] = '\n';
  ssize_t written = write(2, line, (size_t)length);
  (void)written;
  _exit(1);
}

/* --- Objects --- */

static _Noreturn void fail_at(size_t event, const char *what) {
  char text[160];
  text_event(&r.trace->events[event], text, sizeof text);
  fail("replay: event %zu, %s: %s", event + 1, text, what);
}

/** Looks at the first bytes of an object. */
static void check(uint32_t object, const unsigned char *bytes, size_t size, size_t event) {
  size_t differs = content_compare(bytes, size, object);
  if (differs == size) return;
  char text[160] = "at the end", maker[160];
  if (event != NONE) text_event(&r.trace->events[event], text, sizeof text);
  text_event(&r.trace->events[r.makers[object]], maker, sizeof maker);
  fail("replay: event %zu, %s: byte %zu of #%u (event %u, %s) at %p is %#x and not %#x",
       event == NONE ? r.count : event + 1, text, differs, object, r.makers[object] + 1, maker, (const void *)bytes,
       bytes[differs], content_byte(differs, object));
}

static size_t size_of(uint32_t object) { return r.trace->events[r.makers[object]].size; }

static void check_live(uint32_t object, size_t event, player *p) {
  uintptr_t address = atomic_load(&r.addresses[object]);
  if (address <= FAILED || !atomic_load(&r.are_live[object]) || r.options.no_content) return;
  check(object, (unsigned char *)address, size_of(object), event);
  p->checked++;
}

static void check_all(size_t event, player *p) {
  for (uint32_t object = 1; object <= r.trace->objects; object++) check_live(object, event, p);
}

static unsigned char *address_of(const trace_event *e) {
  if (e->pointer == 0) return foreign + ((uintptr_t)e->offset & 4095);
  uintptr_t address = atomic_load_explicit(&r.addresses[e->pointer], memory_order_acquire);
  /* Free-running: the thread that makes it is behind. */
  while (address == NOT_YET) {
    sched_yield();
    address = atomic_load_explicit(&r.addresses[e->pointer], memory_order_acquire);
  }
  return address == FAILED ? NULL : (unsigned char *)address + e->offset;
}

/** A new object: is it where it may be, and what it should? */
static void take(size_t event, unsigned char *new, uint32_t old) {
  const trace_event *e = &r.trace->events[event];
  size_t alignment = e->kind == TRACE_ALIGNED ? (size_t)1 << e->shift : r.target->alignment;
  while (e->kind != TRACE_ALIGNED && alignment > 1 && alignment > e->size) alignment /= 2;
  if (((uintptr_t) new &(alignment - 1)) != 0) fail_at(event, "the object is not aligned");
  if (!r.options.no_content) {
    if (old != 0) {
      size_t kept = size_of(old) < e->size ? size_of(old) : e->size;
      check(old, new, kept, event);
    }
    for (size_t i = 0; e->kind == TRACE_CALLOC && i < e->size; i++)
      if (new[i] != 0) fail_at(event, "the object is not cleared");
    content_fill(new, e->size, e->object);
  }
  atomic_store_explicit(&r.are_live[e->object], true, memory_order_relaxed);
  atomic_store_explicit(&r.addresses[e->object], (uintptr_t) new, memory_order_release);
}

static void allocate(size_t event) {
  const trace_event *e = &r.trace->events[event];
  if (e->failed) return; /* because of what there was at that time */
  size_t alignment = e->kind == TRACE_ALIGNED ? (size_t)1 << e->shift : 0;
  void *new = r.target->allocate(alignment, e->size, e->kind == TRACE_CALLOC);
  if (new == NULL) fail_at(event, "no memory");
  take(event, new, 0);
}

static void reallocate(size_t event, player *p) {
  const trace_event *e = &r.trace->events[event];
  unsigned char *old = address_of(e);
  bool is_live = e->pointer != 0 && e->offset == 0 && atomic_load(&r.are_live[e->pointer]);
  if (e->failed && is_live) return;
  if (is_live) {
    check_live(e->pointer, event, p);
    atomic_store(&r.are_live[e->pointer], false);
  }
  void *new = r.target->reallocate(old, e->size);
  if (new == NULL && is_live) fail_at(event, "no memory");
  if (e->object == 0) return;
  /* What was misused has no content. */
  if (new == NULL) atomic_store(&r.addresses[e->object], FAILED);
  else take(event, new, is_live ? e->pointer : 0);
}

static void deallocate(size_t event, player *p) {
  const trace_event *e = &r.trace->events[event];
  unsigned char *object = address_of(e);
  if (e->pointer != 0 && e->offset == 0) {
    check_live(e->pointer, event, p);
    atomic_store(&r.are_live[e->pointer], false);
  }
  const char *wrong = r.target->deallocate(object);
  if (wrong != NULL) fail_at(event, wrong);
}

/* --- Threads --- */

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
  syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static void wait_for_turn(uint32_t number, player *p) {
  for (int i = 0; i < SPINS; i++)
    if (atomic_load_explicit(&r.turn, memory_order_acquire) == number) return;
  uint32_t seen;
  while ((seen = atomic_load(&p->awake_for)) != number) futex(&p->awake_for, FUTEX_WAIT_PRIVATE, seen);
}

static void pass_turn(uint32_t next, const player *p) {
  player *other = next == r.count ? NULL : &r.players[r.steps[next].executor];
  if (other != NULL && other != p) {
    atomic_store_explicit(&r.turn, next, memory_order_release);
    atomic_store(&other->awake_for, next);
    futex(&other->awake_for, FUTEX_WAKE_PRIVATE, 1);
  } else atomic_store_explicit(&r.turn, next, memory_order_release);
}

static void *play(void *argument);

static void start(uint32_t thread) {
  player *p = &r.players[thread];
  if (thread == r.main || r.options.one_thread) return;
  int error = pthread_create(&p->thread, NULL, play, p);
  if (error != 0) fail("replay: thread %u doesn't start: %s", thread, strerror(error));
  p->is_running = true;
}

static void join(uint32_t thread) {
  player *p = &r.players[thread];
  if (!p->is_running) return;
  pthread_join(p->thread, NULL);
  p->is_running = false;
}

static void perform(const step *s, player *p) {
  const trace_event *e = &r.trace->events[s->event];
  switch (e->kind) {
  case TRACE_START:
    start(e->thread);
    break;
  case TRACE_STOP:
    if (s->is_join) join(e->thread);
    break;
  case TRACE_MALLOC:
  case TRACE_CALLOC:
  case TRACE_ALIGNED:
    allocate(s->event);
    break;
  case TRACE_REALLOC:
    reallocate(s->event, p);
    break;
  case TRACE_FREE:
    deallocate(s->event, p);
    break;
  default:
    break; /* what was misused was called, and has to be reported again */
  }
  if (r.options.verify && trace_is_operation(e)) check_all(s->event, p);
}

static void *play(void *argument) {
  player *p = argument;
  for (uint32_t number = p->first; number != NONE; number = r.steps[number].next) {
    const step *s = &r.steps[number];
    if (!r.options.free_running) wait_for_turn(number, p);
    /* The turn goes on before a thread ends: the join that follows waits for the end. */
    perform(s, p);
    if (!r.options.free_running) pass_turn(number + 1, p);
  }
  return NULL;
}

static void add_step(uint32_t event, uint32_t executor, bool is_join) {
  uint32_t number = (uint32_t)r.count++;
  player *p = &r.players[executor];
  r.steps[number] = (step){event, executor, NONE, is_join};
  if (p->first == NONE) p->first = number;
  else r.steps[p->last].next = number;
  p->last = number;
}

static void plan(void) {
  const trace *t = r.trace;
  bool *has_stopped = pages(t->threads + 1);
  r.main = t->count == 0 ? 0 : t->events[0].thread;
  for (uint32_t i = 0; i <= t->threads; i++) r.players[i] = (player){.awake_for = NONE, .first = NONE, .last = NONE};
  for (uint32_t i = 0; i < t->count; i++) {
    const trace_event *e = &t->events[i];
    if (trace_makes_object(e) && e->object != 0) r.makers[e->object] = i;
    bool is_mains = e->kind == TRACE_START || has_stopped[e->thread] || r.options.one_thread;
    add_step(i, is_mains ? r.main : e->thread, false);
    if (e->kind != TRACE_STOP || e->thread == r.main || has_stopped[e->thread]) continue;
    has_stopped[e->thread] = true;
    add_step(i, r.main, true);
  }
  release_pages(has_stopped, t->threads + 1);
}

/* --- The resident set --- */

/** A row of /proc/self/status in bytes, 0 if it isn't there. */
static uint64_t status_row(const char *name) {
  char text[4096];
  int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length < 0 ? 0 : length] = 0;
  const char *row = strstr(text, name);
  uint64_t number = 0;
  for (row = row == NULL ? "" : row + strlen(name) + 1; *row == ' ' || *row == '\t'; row++) {
  }
  for (; *row >= '0' && *row <= '9'; row++) number = number * 10 + (uint64_t)(*row - '0');
  return number * 1024;
}

/** Makes the peak of the resident set what it is now. */
static bool reset_peak(void) {
  int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  bool is_reset = file >= 0 && write(file, "5", 1) == 1;
  if (file >= 0) close(file);
  return is_reset;
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

replay_result replay_run(const trace *t, const target *on, replay_options options) {
  size_t objects = t->objects + 1;
  r.trace = t;
  r.target = on;
  r.options = options;
  r.steps = pages((t->count + t->threads + 1) * sizeof *r.steps);
  r.players = pages((t->threads + 1) * sizeof *r.players);
  r.addresses = pages(objects * sizeof *r.addresses);
  r.makers = pages(objects * sizeof *r.makers);
  r.are_live = pages(objects * sizeof *r.are_live);
  plan();
  /* Present before the resident set is looked at. */
  memset((void *)r.addresses, 0, objects * sizeof *r.addresses);
  memset((void *)r.are_live, 0, objects * sizeof *r.are_live);

  bool has_peak = reset_peak();
  uint64_t before = status_row("VmRSS:");
  double started = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  player *first = &r.players[r.main];
  play(first);
  for (uint32_t i = 0; i < t->threads; i++) join(i);
  replay_result result = {.seconds = seconds(CLOCK_MONOTONIC) - started,
                          .processor_seconds = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor};
  uint64_t peak = status_row("VmHWM:");
  result.peak_resident = has_peak && peak > before ? peak - before : 0;
  check_all(NONE, first);
  for (uint32_t i = 0; i < t->threads; i++) result.checked += r.players[i].checked;
  return result;
}
