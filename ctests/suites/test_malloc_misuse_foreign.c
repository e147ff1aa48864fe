/* Pointers to memory that is not the process heaps': reported, and not touched. */
#include "../support/process_misuse.h"
#include "../support/process_work.h"

#include <sys/mman.h>

static _Alignas(4096) unsigned char global[8192] = {1};
static _Thread_local unsigned char of_thread[256];

static void *map(size_t size, int protection) {
  void *memory = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(memory != MAP_FAILED);
  return memory;
}

static void foreign(void *pointer) { reported_everywhere(SLM_ERR_FOREIGN_POINTER, pointer, 0); }

static void memory_of_the_program(void **state) {
  (void)state;
  _Alignas(64) unsigned char stack[256];
  unsigned char *of_libc = malloc(256), *constant = (unsigned char *)(uintptr_t) "constant";
  assert_non_null(of_libc);
  memset(stack, 0x5C, sizeof stack);
  memset(of_libc, 0x5C, 256);
  memset(global, 0x5C, sizeof global);
  memset(of_thread, 0x5C, sizeof of_thread);
  unsigned char *starts[] = {stack, of_libc, global, of_thread};
  for (size_t i = 0; i < COUNT_OF(starts); i++) {
    for (size_t offset = 0; offset < 192; offset += 1 + offset) foreign(starts[i] + offset);
    assert_true(bytes_are(starts[i], 256, 0x5C));
  }
  foreign(global + 4096);
  foreign(constant);
  free(of_libc);
  assert_int_equal(work(1, 10000), 0);
}

static void code(void **state) {
  (void)state;
  void *const functions[] = {(void *)(uintptr_t)memory_of_the_program, (void *)(uintptr_t)slm_malloc,
                             (void *)(uintptr_t)slm_free, (void *)(uintptr_t)malloc};
  for (size_t i = 0; i < COUNT_OF(functions); i++) foreign(functions[i]);
  assert_int_equal(work(2, 10000), 0);
}

static void addresses_that_are_not_mapped(void **state) {
  (void)state;
  unsigned char *gone = map(16 * MIB, PROT_READ | PROT_WRITE);
  assert_int_equal(munmap(gone, 16 * MIB), 0);
  foreign(gone + 8 * MIB);
  static const uintptr_t addresses[] = {1,
                                        8,
                                        16,
                                        48,
                                        4095,
                                        4096,
                                        65536,
                                        0x200000,
                                        UINTPTR_MAX,
                                        UINTPTR_MAX - 15,
                                        UINTPTR_MAX - 4095,
                                        (uintptr_t)1 << 63,
                                        (uintptr_t)1 << 48,
                                        (uintptr_t)1 << 56,
                                        0x800000000000,
                                        0x7FFFFFFFF000,
                                        0xFFFF800000000000,
                                        0xFFFFFFFF80000000,
                                        0xDEADBEEFDEADBEE0};
  for (size_t i = 0; i < COUNT_OF(addresses); i++) foreign((void *)addresses[i]);
  /* An object's address with a bit of rubbish above: a tag, a sign. */
  unsigned char *object = slm_malloc(100), *large = slm_malloc(MIB);
  for (int bit = 47; bit < 64; bit++) {
    foreign((void *)((uintptr_t)object ^ (uintptr_t)1 << bit));
    foreign((void *)((uintptr_t)large ^ (uintptr_t)1 << bit));
  }
  slm_free(object);
  slm_free(large);
  assert_int_equal(work(3, 10000), 0);
}

static void mappings_of_others(void **state) {
  (void)state;
  unsigned char *objects[] = {slm_malloc(40), slm_malloc(3000), slm_malloc(100000), slm_malloc(MIB)};
  unsigned char *locked = map(4 * MIB, PROT_NONE), *open = map(4 * MIB, PROT_READ | PROT_WRITE);
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    assert_non_null(objects[i]);
    memset(objects[i], (int)i, slm_usable_size(objects[i]));
    /* Memory that looks like a slab of ours: the pages round an object, at the same place of 2 MiB. */
    uintptr_t page = (uintptr_t)objects[i] & ~(uintptr_t)4095, offset = (uintptr_t)objects[i] % (2 * MIB);
    unsigned char *twin = (unsigned char *)round_up((uintptr_t)open, 2 * MIB) + offset;
    memcpy((void *)((uintptr_t)twin & ~(uintptr_t)4095), (void *)page, 4096);
    foreign(twin);
    foreign(twin + 16);
    assert_memory_equal((void *)((uintptr_t)twin & ~(uintptr_t)4095), (void *)page, 4096);
    foreign((unsigned char *)round_up((uintptr_t)locked, 2 * MIB) + offset);
  }
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    assert_true(bytes_are(objects[i], slm_usable_size(objects[i]), (unsigned char)i));
    slm_free(objects[i]);
  }
  assert_int_equal(munmap(locked, 4 * MIB), 0);
  assert_int_equal(munmap(open, 4 * MIB), 0);
  assert_int_equal(work(4, 10000), 0);
}

/** Far beside all that was ever in use: where address space is reserved but holds no object. */
static void beyond_what_is_used(void **state) {
  (void)state;
  enum { COUNT = 64 };
  unsigned char *objects[COUNT], *lowest = NULL, *highest = NULL;
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = (size_t)16 << i % 18;
    assert_non_null(objects[i] = slm_malloc(size));
    pattern_fill_ends(objects[i], size, i);
    if (lowest == NULL || objects[i] < lowest) lowest = objects[i];
    if (highest == NULL || objects[i] > highest) highest = objects[i];
  }
  for (size_t distance = 512 * MIB; distance <= ((size_t)1 << 40); distance *= 2) {
    unsigned char *above = (unsigned char *)round_up((uintptr_t)highest + distance, 2 * MIB);
    unsigned char *below = (unsigned char *)round_up((uintptr_t)lowest - distance, 2 * MIB);
    for (size_t offset = 0; offset <= 4096; offset += 1024) {
      foreign(above + offset);
      foreign(below + offset);
    }
  }
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(pattern_ends_hold(objects[i], (size_t)16 << i % 18, i));
    slm_free(objects[i]);
  }
  assert_int_equal(work(5, 10000), 0);
}

/** Every 16 bytes of the megabytes round some objects: whatever lies there, only what is live can be freed. */
static void around_live_objects(void **state) {
  (void)state;
  static const size_t sizes[] = {40, 700, 9000, SLM_MAX_SIZE, 3 * SLM_MAX_SIZE};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_malloc(sizes[i]);
    assert_non_null(object);
    pattern_fill_ends(object, sizes[i], i);
    size_t usable = slm_usable_size(object), reports = 0, calls = 0, before = misuses.count;
    for (unsigned char *at = object - 256 * 1024; at < object + usable + 256 * 1024; at += 16) {
      if (at == object) continue;
      slm_free(at);
      calls++;
      reports += misuses.last.kind != SLM_ERR_LAYOUT_MISMATCH && misuses.last.pointer == at;
      if (at > object && at < object + usable) assert_int_equal(misuses.last.kind, SLM_ERR_INTERIOR_POINTER);
    }
    assert_int_equal(misuses.count, before + calls);
    assert_int_equal(reports, calls);
    assert_true(pattern_ends_hold(object, sizes[i], i));
    slm_free_sized(object, sizes[i]);
  }
  assert_int_equal(work(6, 10000), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(memory_of_the_program), misuse_test(code),
      misuse_test(mappings_of_others),    misuse_test(addresses_that_are_not_mapped),
      misuse_test(beyond_what_is_used),   misuse_test(around_live_objects),
  };
  return cmocka_run_group_tests_name("slm_malloc foreign pointers", tests, NULL, NULL);
}
