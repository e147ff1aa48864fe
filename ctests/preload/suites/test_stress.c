/* Random operations of several threads. Every object is filled with a pattern from end to end, which is checked
 * whenever the object is resized, handed to another thread or freed. STRESS_SECONDS: how long, 10 if not set. */
#include "../support/preload.h"

enum { MOST_THREADS = 16, KEPT = 600, MAILBOXES = 512 };

typedef struct object {
  unsigned char *memory;
  size_t size;
  uint64_t id; /* of its pattern */
} object;

typedef struct mailbox {
  pthread_mutex_t lock;
  object object;
} mailbox;

typedef struct stress {
  mailbox mail[MAILBOXES];
  atomic_size_t faults, steps;
  atomic_flag reported;
  uint64_t seed, until;
} stress;

typedef struct member {
  stress *stress;
  uint64_t random, next_id;
  object kept[KEPT];
  pthread_t thread;
} member;

static void report(member *m, const char *what, const object *o) {
  m->stress->faults++;
  if (atomic_flag_test_and_set(&m->stress->reported)) return;
  print_error("SLM_TEST_SEED=%llu: %s: %p, %zu bytes\n", (unsigned long long)m->stress->seed, what, (void *)o->memory,
              o->size);
}

/** Mostly small: the big ones would take all the time with their patterns. */
static size_t random_size(member *m) {
  size_t kind = random_below(&m->random, 1000);
  size_t most = kind < 800 ? 512 : kind < 950 ? 4096 : kind < 990 ? 40000 : kind < 998 ? 300000 : 2 * MIB;
  return 16 + random_below(&m->random, most - 15);
}

static void fill(member *m, object *o) {
  o->id = m->next_id++;
  if (malloc_usable_size(o->memory) < o->size) report(m, "the object is too small", o);
  pattern_fill(o->memory, o->size, o->id);
}

static void check(member *m, const object *o) {
  if (!pattern_holds(o->memory, o->size, o->id)) report(m, "another content than was written", o);
}

static void make(member *m, object *o) {
  size_t alignment = 16;
  o->size = random_size(m);
  switch (random_below(&m->random, 8)) {
  case 0:
    o->memory = calloc(1, o->size);
    if (o->memory != NULL && !bytes_are(o->memory, o->size, 0)) report(m, "calloc's memory is not zero", o);
    break;
  case 1:
    alignment <<= random_below(&m->random, 13);
    o->memory = aligned_alloc(alignment, o->size);
    break;
  case 2:
    alignment <<= random_below(&m->random, 5);
    if (posix_memalign((void **)&o->memory, alignment, o->size) != 0) o->memory = NULL;
    break;
  default:
    o->memory = malloc(o->size);
  }
  if (o->memory == NULL || (uintptr_t)o->memory % alignment != 0) {
    report(m, "no memory, or misaligned", o);
    o->memory = NULL;
    return;
  }
  fill(m, o);
}

static void resize(member *m, object *o) {
  check(m, o);
  object next = {.size = random_size(m), .id = o->id};
  next.memory =
      random_below(&m->random, 4) == 0 ? reallocarray(o->memory, next.size, 1) : realloc(o->memory, next.size);
  if (next.memory == NULL) {
    report(m, "realloc failed", o);
    return;
  }
  size_t both = next.size < o->size ? next.size : o->size;
  if (!pattern_holds(next.memory, both, next.id)) report(m, "realloc lost the content", &next);
  *o = next;
  fill(m, o);
}

static void unmake(member *m, object *o) {
  check(m, o);
  free(o->memory);
  o->memory = NULL;
}

/** Leaves the object to other threads, and takes what lay there. */
static void exchange(member *m, object *o) {
  mailbox *box = &m->stress->mail[random_below(&m->random, MAILBOXES)];
  pthread_mutex_lock(&box->lock);
  object kept = box->object;
  box->object = *o;
  pthread_mutex_unlock(&box->lock);
  *o = kept;
  if (o->memory != NULL) check(m, o);
}

static void *operate(void *argument) {
  member *m = argument;
  size_t step = 0;
  for (; step % 256 != 0 || milliseconds() < m->stress->until; step++) {
    object *o = &m->kept[random_below(&m->random, KEPT)];
    size_t kind = random_below(&m->random, 16);
    if (kind < 3) exchange(m, o);
    else if (o->memory == NULL) make(m, o);
    else if (kind < 6) resize(m, o);
    else unmake(m, o);
  }
  m->stress->steps += step;
  for (size_t i = 0; i < KEPT; i++)
    if (m->kept[i].memory != NULL) unmake(m, &m->kept[i]);
  return NULL;
}

static void run(size_t threads, uint64_t ms) {
  static stress s;
  static member members[MOST_THREADS];
  memset(&s, 0, sizeof s);
  s.seed = suite_seed();
  s.until = milliseconds() + ms;
  for (size_t i = 0; i < MAILBOXES; i++) pthread_mutex_init(&s.mail[i].lock, NULL);
  for (size_t i = 0; i < threads; i++) {
    memset(&members[i], 0, sizeof members[i]);
    members[i].stress = &s;
    members[i].random = s.seed + i;
    members[i].next_id = (uint64_t)i << 40;
    start_thread(&members[i].thread, operate, &members[i]);
  }
  for (size_t i = 0; i < threads; i++) join_thread(members[i].thread);
  for (size_t i = 0; i < MAILBOXES; i++)
    if (s.mail[i].object.memory != NULL) unmake(&members[0], &s.mail[i].object);
  print_message("%zu threads: %zu steps\n", threads, (size_t)s.steps);
  assert_true(s.steps >= threads * 256);
  assert_int_equal(s.faults, 0);
}

/** Half of the time each. */
static uint64_t share(void) {
  const char *text = getenv("STRESS_SECONDS");
  return strtoull(text != NULL && *text != '\0' ? text : "10", NULL, 10) * 500;
}

static void two_threads(void **state) {
  (void)state;
  run(2, share());
}

static void sixteen_threads(void **state) {
  (void)state;
  run(16, share());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(two_threads),
      cmocka_unit_test(sixteen_threads),
  };
  return cmocka_run_group_tests_name("preload stress", tests, NULL, NULL);
}
