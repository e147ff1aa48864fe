/* Makes a failing trace smaller. A trial is a trace with some events left out or made simpler, and is taken if the
 * command ends with it as it does with the whole: by the same signal or with the same status. Nothing is random. Until
 * nothing changes:
 *
 * - leave out events in chunks: halves, quarters, ... down to single ones (Zeller's ddmin, complements only). An event
 * without the
 *   object that it needs goes too: so with an allocation its free, and what was reallocated from it;
 * - all in one thread, or else each thread's events in the first one;
 * - malloc instead of what is more than that; no alignment;
 * - sizes of 1, or else as small as a binary search finds.
 */
#define _GNU_SOURCE
#include "shrink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
  shrink_command command;
  char path[256];
  int status; /**< of waitpid() for the whole */
  size_t trials;
  trace now;
} s;

/** Runs the command on a trace. Returns its status of waitpid(). */
static int run(const trace *t) {
  trace_write(t, s.path);
  s.trials++;
  pid_t child = fork();
  if (child < 0) refuse("no process: %s", strerror(errno));
  if (child == 0) {
    int nowhere = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(nowhere, i);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    alarm(s.command.timeout);
    enum { MOST = 256 };
    char *arguments[MOST];
    size_t count = 0;
    for (; s.command.arguments[count] != NULL && count < MOST - 1; count++) {
      char *argument = s.command.arguments[count];
      arguments[count] = strcmp(argument, "{}") == 0 ? s.path : argument;
    }
    arguments[count] = NULL;
    execvp(arguments[0], arguments);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) refuse("waitpid: %s", strerror(errno));
  return status;
}

/** The events that are to be kept, without those that need an object that isn't there. */
static trace kept_of(const trace *t, const bool *keep) {
  trace out = {0};
  size_t objects = (t->objects + 1) * sizeof(uint32_t);
  uint32_t *numbers = pages(objects);
  bool *started = pages(t->threads + 1);
  for (size_t i = 0; i < t->count; i++) {
    trace_event e = t->events[i];
    /* Starts come back with the first event of a thread. A misuse is no event that happens again by being called. */
    if (!keep[i] || e.kind == TRACE_START || e.kind == TRACE_MISUSE || e.kind == TRACE_REFUSED) continue;
    if (e.pointer != 0 && (e.pointer = numbers[e.pointer]) == 0) continue;
    e.misused = false;
    if (!started[e.thread]) {
      if (e.kind == TRACE_STOP) continue;
      trace_append(&out, (trace_event){.kind = TRACE_START, .thread = e.thread});
    }
    started[e.thread] = true;
    if (out.threads <= e.thread) out.threads = e.thread + 1;
    if (e.object != 0) e.object = numbers[t->events[i].object] = ++out.objects;
    trace_append(&out, e);
  }
  release_pages(numbers, objects);
  release_pages(started, t->threads + 1);
  return out;
}

/** Takes a trial if it fails as the whole does. Disposes of what isn't needed any more. */
static bool take_if_failing(trace *trial) {
  if (run(trial) != s.status) {
    trace_dispose(trial);
    return false;
  }
  trace_dispose(&s.now);
  s.now = *trial;
  return true;
}

/** Everything as it is, to be changed. */
static trace copy(void) {
  bool *keep = pages(s.now.count + 1);
  memset(keep, true, s.now.count);
  trace out = kept_of(&s.now, keep);
  release_pages(keep, s.now.count + 1);
  return out;
}

static bool leave_out_events(void) {
  bool has_changed = false;
  for (size_t chunk = (s.now.count + 1) / 2; chunk > 0; chunk = chunk == 1 ? 0 : (chunk + 1) / 2) {
    /* From the end: frees go before what they free. */
    for (size_t end = s.now.count; end > 0;) {
      size_t before = s.now.count;
      if (end > before) end = before;
      size_t start = end > chunk ? end - chunk : 0;
      bool *keep = pages(before + 1);
      memset(keep, true, before);
      memset(keep + start, false, end - start);
      trace trial = kept_of(&s.now, keep);
      release_pages(keep, before + 1);
      if (trial.count == before) trace_dispose(&trial); /* a start, which comes back */
      else if (take_if_failing(&trial)) has_changed = true;
      end = start;
    }
  }
  return has_changed;
}

/** Moves the events of a thread, or of all, into the first one. */
static bool join_threads(uint32_t from, bool all) {
  trace trial = copy();
  uint32_t first = trial.count == 0 ? 0 : trial.events[0].thread;
  size_t count = 0;
  for (size_t i = 0; i < trial.count; i++) {
    trace_event e = trial.events[i];
    bool moves = e.thread != first && (all || e.thread == from);
    if (moves && (e.kind == TRACE_START || e.kind == TRACE_STOP)) continue;
    if (moves) e.thread = first;
    trial.events[count++] = e;
  }
  bool is_other = count != trial.count;
  trial.count = count;
  if (is_other) return take_if_failing(&trial);
  trace_dispose(&trial);
  return false;
}

static bool simplify_threads(void) {
  if (join_threads(0, true)) return true;
  bool has_changed = false;
  for (uint32_t thread = 0; thread < s.now.threads; thread++)
    if (join_threads(thread, false)) has_changed = true;
  return has_changed;
}

/** Tries another event in the place of one. */
static bool replace(size_t i, trace_event e) {
  trace trial = copy();
  trial.events[i] = e;
  return take_if_failing(&trial);
}

static bool simplify_kinds(void) {
  bool has_changed = false;
  for (size_t i = 0; i < s.now.count; i++) {
    trace_event e = s.now.events[i];
    if (!trace_makes_object(&e) || e.kind == TRACE_MALLOC || e.failed) continue;
    trace_event simple = {.kind = TRACE_MALLOC, .thread = e.thread, .object = e.object, .size = e.size};
    if (replace(i, simple)) has_changed = true;
  }
  return has_changed;
}

static bool simplify_sizes(void) {
  bool has_changed = false;
  for (size_t i = 0; i < s.now.count; i++) {
    trace_event e = s.now.events[i];
    if (!trace_makes_object(&e) || e.failed || e.size <= 1) continue;
    uint64_t passes = 0, fails = e.size; /* too small, and small enough */
    e.size = 1;
    while (passes + 1 < fails) {
      if (replace(i, e)) {
        fails = e.size;
        has_changed = true;
      } else passes = e.size;
      e.size = passes + (fails - passes) / 2;
    }
  }
  return has_changed;
}

trace shrink(const trace *t, shrink_command command) {
  s.command = command;
  const char *folder = getenv("TMPDIR");
  snprintf(s.path, sizeof s.path, "%s/slabmalloc-replay-XXXXXX", folder == NULL ? "/tmp" : folder);
  int file = mkstemp(s.path);
  if (file < 0) refuse("%s: %s", s.path, strerror(errno));
  close(file);
  s.now = *t;
  s.now = copy();
  s.status = run(&s.now);
  int exit_status = WIFEXITED(s.status) ? WEXITSTATUS(s.status) : -1;
  if (exit_status == 0 || exit_status == 127 || exit_status == command.unable) {
    unlink(s.path);
    refuse(exit_status == 0 ? "the command doesn't fail with this trace" : "the command can't be run");
  }
  bool has_changed;
  do {
    has_changed = leave_out_events();
    has_changed = simplify_threads() || has_changed;
    has_changed = simplify_kinds() || has_changed;
    has_changed = simplify_sizes() || has_changed;
  } while (has_changed);
  unlink(s.path);
  trace_summary before = trace_summarize(t), after = trace_summarize(&s.now);
  printf("%llu of %llu operations still fail, by ", (unsigned long long)after.operations,
         (unsigned long long)before.operations);
  if (WIFSIGNALED(s.status)) printf("signal %d", WTERMSIG(s.status));
  else printf("status %d", WEXITSTATUS(s.status));
  printf(" (%zu trials)\n", s.trials);
  return s.now;
}
