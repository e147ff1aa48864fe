/* A long run of all that a program may do to its malloc, at once: threads that allocate, resize, free and hand objects
 * on; threads that come and go; children of fork, and of exec; signals; and memory that runs out again and again
 * (run-soak.sh sets the limit).
 *
 * Each object has its size, a number and a pattern in it, which is checked whenever the object is resized, handed on or
 * freed. A refused allocation is right, as there is a limit, but never changes an object. SOAK_SECONDS: how long,
 * SLM_TEST_SEED: where it starts. */
#include "../preload/support/preload.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { WORKERS = 4, KEPT = 400, MAILBOXES = 256, MOST_STEPS = 2000 };

/** At the start of each object; the pattern is behind it. */
typedef struct header {
  size_t size;
  uint64_t id;
} header;

static struct {
  _Atomic(header *) mail[MAILBOXES]; /* objects on their way from thread to thread */
  atomic_size_t objects, bytes, checked, refused, handed, threads, forks, execs, signals, exhausted, faults;
  atomic_uint_fast64_t next_id;
  uint64_t seed, until;
} soak;

/** Each part of the run has done something. */
static bool did_all(void) {
  return soak.checked > 0 && soak.handed > 0 && soak.threads > 0 && soak.forks > 0 && soak.execs > 0 &&
         soak.signals > 0 && soak.exhausted > 0;
}

/** A short run on a busy machine goes on until each part of it has done something, but for a minute at most. */
static bool is_over(void) {
  uint64_t now = milliseconds();
  return now >= soak.until && (did_all() || now >= soak.until + 60000);
}

static void fault(const char *what, const header *o) {
  if (soak.faults++ < 5)
    dprintf(1, "SLM_TEST_SEED=%llu: %s: %p\n", (unsigned long long)soak.seed, what, (const void *)o);
}

/* ---- objects ---- */

static size_t random_size(uint64_t *random) {
  size_t kind = random_below(random, 1000);
  size_t most = kind < 800 ? 512 : kind < 950 ? 4096 : kind < 985 ? 40000 : kind < 997 ? 300000 : 3 * MIB;
  return sizeof(header) + random_below(random, most);
}

static header *fill(header *o, size_t size) {
  *o = (header){size, soak.next_id++};
  if (malloc_usable_size(o) < size) fault("the object is too small", o);
  pattern_fill(o + 1, size - sizeof *o, o->id);
  return o;
}

static void check(const header *o) {
  if (!pattern_holds(o + 1, o->size - sizeof *o, o->id)) fault("another content than was written", o);
  soak.checked++;
}

static header *make(uint64_t *random) {
  size_t size = random_size(random), alignment = 16, kind = random_below(random, 8);
  header *o;
  errno = 0;
  if (kind == 0) {
    o = calloc(1, size);
    if (o != NULL && !bytes_are(o, size, 0)) fault("calloc's memory is not zero", o);
  } else if (kind == 1) {
    alignment <<= random_below(random, 13);
    o = aligned_alloc(alignment, size);
  } else {
    o = malloc(size);
  }
  if (o == NULL) {
    if (errno != ENOMEM) fault("refused, but not by ENOMEM", o);
    soak.refused++;
    return NULL;
  }
  if ((uintptr_t)o % alignment != 0) fault("misaligned", o);
  soak.objects++;
  soak.bytes += size;
  return fill(o, size);
}

static header *resize(header *o, uint64_t *random) {
  size_t size = random_size(random), before = o->size;
  check(o);
  header *next = realloc(o, size);
  if (next == NULL) {
    soak.refused++;
    check(o);
    return o;
  }
  if (next->size != before || !pattern_holds(next + 1, (size < before ? size : before) - sizeof *next, next->id))
    fault("realloc lost the content", next);
  return fill(next, size);
}

static void unmake(header *o) {
  if (o == NULL) return;
  check(o);
  free(o);
}

/** Leaves an object to other threads, and takes what lay there. */
static header *hand_on(header *o, uint64_t *random) {
  header *other = atomic_exchange(&soak.mail[random_below(random, MAILBOXES)], o);
  if (other != NULL) check(other);
  soak.handed++;
  return other;
}

static void do_steps(header **kept, size_t steps, uint64_t *random, bool hands_on) {
  for (size_t i = 0; i < steps; i++) {
    header **at = &kept[random_below(random, KEPT)];
    size_t kind = random_below(random, 16);
    if (kind < 3 && hands_on) *at = hand_on(*at, random);
    else if (*at == NULL) *at = make(random);
    else if (kind < 6) *at = resize(*at, random);
    else unmake(*at), *at = NULL;
  }
}

static void unmake_all(header **kept) {
  for (size_t i = 0; i < KEPT; i++) unmake(kept[i]), kept[i] = NULL;
}

/* ---- what goes on at once ---- */

static void *worker(void *argument) {
  uint64_t random = soak.seed + (uintptr_t)argument;
  header *kept[KEPT] = {NULL};
  while (!is_over()) do_steps(kept, 200, &random, true);
  unmake_all(kept);
  return NULL;
}

/** A short life, which leaves objects behind. */
static void *short_worker(void *argument) {
  uint64_t random = (uintptr_t)argument;
  header *kept[KEPT] = {NULL};
  do_steps(kept, 1 + random_below(&random, MOST_STEPS), &random, true);
  for (size_t i = 0; i < KEPT; i++)
    if (random_below(&random, 2) == 0) kept[i] = hand_on(kept[i], &random);
  unmake_all(kept);
  return NULL;
}

/** Where there is no memory for a thread there is none: it is tried again. */
static void *churn(void *argument) {
  uint64_t random = soak.seed + (uintptr_t)argument;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 128 * KIB);
  while (!is_over()) {
    pthread_t threads[4];
    size_t started = 0;
    while (started < COUNT_OF(threads) &&
           pthread_create(&threads[started], &small, short_worker, (void *)(uintptr_t)random_next(&random)) == 0)
      started++;
    for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
    soak.threads += started;
    pause_for(1);
  }
  pthread_attr_destroy(&small);
  return NULL;
}

/** What a child does: first what it inherits is checked and some of it freed, then it works for itself. */
static int child(header **kept, uint64_t random, int depth) {
  signal(SIGALRM, SIG_DFL);
  alarm(60);
  size_t before = soak.faults;
  do_steps(kept, 500, &random, false);
  if (depth == 0 && random % 4 == 0) {
    pid_t pid = fork();
    if (pid == 0) _exit(child(kept, random, 1));
    int status = 0;
    if (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0)) return 2;
  }
  unmake_all(kept);
  return soak.faults == before ? 0 : 1;
}

/** A child per turn. Every fourth becomes this program anew. */
static void *fork_and_exec(void *argument) {
  uint64_t random = soak.seed + (uintptr_t)argument;
  header *kept[KEPT] = {NULL};
  while (!is_over()) {
    do_steps(kept, 100, &random, true);
    bool anew = random_below(&random, 4) == 0;
    pid_t pid = fork();
    if (pid == 0 && anew) {
      execl("/proc/self/exe", "soak", "anew", (char *)NULL);
      _exit(127);
    }
    if (pid == 0) _exit(child(kept, random, 0));
    if (pid < 0) {
      pause_for(5);
      continue;
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    /* Under the limit a new program may lack the memory to start at all. */
    if (status != 0 && !(anew && WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
      dprintf(1, "a child ended with status %#x\n", (unsigned)status);
      fault("a child failed", NULL);
    }
    if (anew) soak.execs++;
    else soak.forks++;
    pause_for(5);
  }
  unmake_all(kept);
  return NULL;
}

/** Takes all memory that there is, gives it back, and lets the others work for a while. */
static void *hog(void *argument) {
  uint64_t random = soak.seed + (uintptr_t)argument;
  enum { MOST = 4000 };
  static header *taken[MOST];
  while (!is_over()) {
    size_t count = 0, size = (size_t)1 << (12 + random_below(&random, 12));
    while (count < MOST && (taken[count] = malloc(size)) != NULL) {
      /* The ends only: what counts is that the address space is gone. */
      *taken[count] = (header){size, soak.next_id++};
      ((char *)taken[count])[size - 1] = (char)count;
      count++;
    }
    if (count < MOST) soak.exhausted++;
    for (size_t i = 0; i < count; i++) {
      if (taken[i]->size != size || ((char *)taken[i])[size - 1] != (char)i) fault("a hogged object changed", taken[i]);
      free(taken[i]);
    }
    pause_for(20);
  }
  return NULL;
}

static void on_signal(int number) {
  (void)number;
  int kept = errno;
  soak.signals++;
  errno = kept;
}

/** Each signal goes to whichever thread the system picks. */
static void start_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  struct itimerval real = {{0, 2000}, {0, 2000}}, processor = {{0, 3000}, {0, 3000}};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGPROF, &action, NULL);
  setitimer(ITIMER_REAL, &real, NULL);
  setitimer(ITIMER_PROF, &processor, NULL);
}

static void stop_signals(void) {
  struct itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &off, NULL);
  setitimer(ITIMER_PROF, &off, NULL);
}

static void print_progress(uint64_t start) {
  printf("%4llu s: %zu objects (%zu MiB), %zu checked, %zu handed on, %zu threads, %zu forks, %zu execs, %zu signals, "
         "%zu times no memory (%zu refused), %zu faults, %zu MiB resident\n",
         (unsigned long long)(milliseconds() - start) / 1000, (size_t)soak.objects, (size_t)soak.bytes / MIB,
         (size_t)soak.checked, (size_t)soak.handed, (size_t)soak.threads, (size_t)soak.forks, (size_t)soak.execs,
         (size_t)soak.signals, (size_t)soak.exhausted, (size_t)soak.refused, (size_t)soak.faults, resident() / MIB);
  fflush(stdout);
}

/** The program that a child has become. */
static int anew(void) {
  uint64_t random = (uint64_t)getpid();
  header *kept[KEPT] = {NULL};
  do_steps(kept, 1000, &random, true);
  unmake_all(kept);
  for (size_t i = 0; i < MAILBOXES; i++) unmake(soak.mail[i]);
  return soak.faults != 0;
}

int main(int count, char **arguments) {
  (void)arguments;
  if (!is_preloaded("malloc")) return 3;
  if (count > 1) return anew();
  const char *seconds = getenv("SOAK_SECONDS");
  uint64_t start = milliseconds(), next = start;
  soak.seed = suite_seed();
  soak.until = start + strtoull(seconds != NULL ? seconds : "10", NULL, 10) * 1000;

  void *(*const bodies[])(void *) = {worker, worker, worker, worker, churn, fork_and_exec, hog};
  pthread_t threads[COUNT_OF(bodies)];
  for (size_t i = 0; i < COUNT_OF(bodies); i++)
    if (pthread_create(&threads[i], NULL, bodies[i], (void *)(i * 1000003)) != 0) return 4;
  start_signals();
  while (!is_over()) {
    pause_for(100);
    if (milliseconds() < next) continue;
    print_progress(start);
    next += (soak.until - start) / 20 + 1000;
  }
  for (size_t i = 0; i < COUNT_OF(bodies); i++) pthread_join(threads[i], NULL);
  stop_signals();
  for (size_t i = 0; i < MAILBOXES; i++) unmake(soak.mail[i]);
  print_progress(start);
  if (!did_all()) dprintf(1, "a part of the run did nothing\n");
  return soak.faults == 0 && did_all() ? 0 : 1;
}
