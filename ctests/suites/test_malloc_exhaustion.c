/* No more memory: NULL and ENOMEM, and everything that is there stays usable. In a child, whose limit is low. */
#include "../support/process_books.h"
#include "../support/process_work.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROOM (96 * MIB)
enum { LIMIT = 800000 };

static unsigned char *objects[LIMIT];

/** Ends the child, and says where. */
#define CHILD_CHECK(condition)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      print_error("line %d of the child: %s\n", __LINE__, #condition);                                                 \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

/** The process may have ROOM more than it has: of writable memory, or of address space. Not of both, as the system then
 * forgets
 *  the first. */
static void limit_memory(int resource) {
  size_t pages[6];
  FILE *file = fopen("/proc/self/statm", "r");
  CHILD_CHECK(file != NULL);
  for (size_t i = 0; i < COUNT_OF(pages); i++) CHILD_CHECK(fscanf(file, "%zu", &pages[i]) == 1);
  fclose(file);
  size_t now = (resource == RLIMIT_AS ? pages[0] : pages[5]) * system_page();
  struct rlimit limit; /* the hard limit stays: only root may raise it */
  CHILD_CHECK(getrlimit(resource, &limit) == 0);
  limit.rlim_cur = now + ROOM;
  CHILD_CHECK(setrlimit(resource, &limit) == 0);
}

/** As many objects as there is memory for. */
static size_t take_all(size_t size) {
  size_t count = 0;
  errno = 0;
  while (count < LIMIT && (objects[count] = slm_malloc(size)) != NULL) {
    pattern_fill_ends(objects[count], size, count);
    count++;
  }
  CHILD_CHECK(errno == ENOMEM);
  CHILD_CHECK(count > 0 && count < LIMIT && count * size <= ROOM + 4 * MIB);
  return count;
}

static void give_all(size_t size, size_t count) {
  for (size_t i = 0; i < count; i++) {
    CHILD_CHECK(pattern_ends_hold(objects[i], size, i));
    slm_free_sized(objects[i], size);
  }
}

#define CHILD_CHECK_REFUSED(call)                                                                                      \
  do {                                                                                                                 \
    errno = 0;                                                                                                         \
    CHILD_CHECK((call) == NULL && errno == ENOMEM);                                                                    \
  } while (0)

/** Whether so many bytes of objects are enough. Later some of the memory is in slabs of other classes, and in pieces.
 * Guard pages
 *  take no memory but address space, of small objects as much as these. */
static bool is_enough(size_t bytes, size_t round, int resource) {
  if (round > 0) return bytes >= ROOM / 4;
  return bytes >= (is_hardened() && resource == RLIMIT_AS ? ROOM / 3 : ROOM / 2);
}

static void exhaust(size_t size, int resource) {
  unsigned char *kept = resource == RLIMIT_AS ? NULL : slm_malloc(64);
  limit_memory(resource);
  if (kept == NULL) kept = slm_malloc(64);
  CHILD_CHECK(kept != NULL);
  pattern_fill(kept, 64, 1);
  for (size_t round = 0; round < 3; round++) {
    size_t count = take_all(size);
    CHILD_CHECK(is_enough(count * size, round, resource)); /* it was not refused early */
    CHILD_CHECK_REFUSED(slm_realloc(kept, ROOM * 2));
    CHILD_CHECK_REFUSED(slm_realloc(objects[0], size + ROOM));
    CHILD_CHECK_REFUSED(slm_calloc(2, ROOM));
    CHILD_CHECK_REFUSED(slm_aligned_alloc(MIB, ROOM * 2));
    CHILD_CHECK(pattern_holds(kept, 64, 1));
    give_all(size, count);
    CHILD_CHECK(work(round, 1000) == 0);
  }
  slm_process_usage now = {.struct_size = sizeof now};
  CHILD_CHECK(slm_process_statistics(&now) == SLM_OK);
  CHILD_CHECK(now.bytes_taken - now.bytes_given_back ==
              now.bytes_slabs + now.bytes_large + now.bytes_metadata + now.bytes_retained + now.bytes_clean);
  slm_free_sized(kept, 64);
}

/** Takes all memory that is left, in objects of every size. */
static void take_everything(void) {
  for (size_t size = 4 * MIB; size >= 16; size -= size > 65536 ? 65536 : size > 1024 ? 512 : 16)
    while (slm_malloc(size) != NULL) {
    }
}

/** Makes an object smaller in a process without memory. It stays where it is, and its last size is right. */
static void check_shrinking(unsigned char *object, size_t size, slm_heap *heap) {
  CHILD_CHECK(slm_malloc(600) == NULL);
  errno = ELOOP;
  unsigned char *smaller = heap != NULL ? slm_heap_reallocate(heap, object, 600) : slm_realloc(object, 600);
  CHILD_CHECK(smaller == object && errno == ELOOP);
  CHILD_CHECK(pattern_holds(smaller, 600, size));
  CHILD_CHECK(slm_usable_size(smaller) >= 600 && slm_usable_size(smaller) <= slm_good_size(size));
  if (heap != NULL) CHILD_CHECK(slm_heap_deallocate_sized(heap, smaller, 600) == SLM_OK);
  else slm_free_sized(smaller, 600); /* a misuse would end the child */
}

static void *shrink_on_thread(void *object) {
  errno = ELOOP;
  CHILD_CHECK(slm_realloc(object, 600) == object && errno == ELOOP);
  return NULL;
}

static void shrink(size_t size, int resource) {
  (void)resource;
  slm_heap *heap = slm_heap_create(NULL, NULL);
  CHILD_CHECK(heap != NULL);
  unsigned char *own = slm_malloc(size), *of_heap = slm_heap_allocate(heap, size), *of_thread = slm_malloc(size);
  CHILD_CHECK(own != NULL && of_heap != NULL && of_thread != NULL);
  pattern_fill(own, size, size);
  pattern_fill(of_heap, size, size);
  limit_memory(RLIMIT_DATA);
  take_everything();
  /* A thread that has no heap yet, and may get none. There is no memory for its stack. */
  static unsigned char stack[256 * 1024];
  pthread_t thread;
  pthread_attr_t attributes;
  CHILD_CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, sizeof stack) == 0);
  CHILD_CHECK(pthread_create(&thread, &attributes, shrink_on_thread, of_thread) == 0);
  CHILD_CHECK(pthread_join(thread, NULL) == 0);
  take_everything();
  check_shrinking(own, size, NULL);
  take_everything();
  check_shrinking(of_heap, size, heap);
}

static void run_in_child(void (*body)(size_t size, int resource), size_t size, int resource) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    body(size, resource);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void exhaust_in_child(size_t size, int resource) { run_in_child(exhaust, size, resource); }

/** 2000 bytes and 100,000 are in slots, 300,000 and 3 MiB are large objects. */
static void a_smaller_size_never_fails(void **state) {
  (void)state;
  static const size_t sizes[] = {2000, 100000, 300000, 3 * MIB};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) run_in_child(shrink, sizes[i], RLIMIT_DATA);
}

static void of_small_objects(void **state) {
  (void)state;
  exhaust_in_child(200, RLIMIT_DATA);
  exhaust_in_child(2048, RLIMIT_DATA);
}

static void of_the_largest_size_class(void **state) {
  (void)state;
  exhaust_in_child(SLM_MAX_SIZE, RLIMIT_DATA);
}

static void of_large_objects(void **state) {
  (void)state;
  exhaust_in_child(SLM_MAX_SIZE + 1, RLIMIT_DATA);
  exhaust_in_child(3 * MIB, RLIMIT_DATA);
}

/** A limit that is there before the first allocation: as of `ulimit -v`. */
static void of_address_space(void **state) {
  (void)state;
  static const size_t sizes[] = {200, 2048, SLM_MAX_SIZE - 100, SLM_MAX_SIZE + 1, 3 * MIB};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) exhaust_in_child(sizes[i], RLIMIT_AS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_small_objects),           cmocka_unit_test(of_the_largest_size_class),
      cmocka_unit_test(of_large_objects),           cmocka_unit_test(of_address_space),
      cmocka_unit_test(a_smaller_size_never_fails),
  };
  return cmocka_run_group_tests_name("slm_malloc out of memory", tests, NULL, NULL);
}
