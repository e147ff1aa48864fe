/* The page directory of a zone: it finds each page wherever a provider has it, takes few pages for that, and gives them
 * back.
 *
 * Frames lie in address space that is mapped without being reserved: in a row, at regular distances, or anywhere. */
#include "../support/family.h"

#define SPACE_SIZE ((size_t)1 << 38)

/** Where frame n of a pattern lies: every so many frames; 0: anywhere. */
typedef struct frames {
  size_t page_size, distance, next, taken, given_back;
  uint64_t random;
  unsigned char *out; /* for each frame by its number in the space: 1 if it is out */
  void *idle[1 << 17];
  size_t idle_count, table_at;
  unsigned char *large;
  size_t next_large;
  int errors;
} frames;

static unsigned char *space;
static unsigned char *marks;

static void *take_frame(void *context, size_t size) {
  frames *f = context;
  if (size != f->page_size) return NULL; /* no large pages */
  if (f->idle_count > 0) {
    void *frame = f->idle[--f->idle_count];
    marks[((unsigned char *)frame - space) / 4096] = 1;
    f->taken++;
    return frame;
  }
  size_t all = SPACE_SIZE / f->page_size, index;
  do {
    index = f->distance != 0 ? f->next++ * f->distance : random_below(&f->random, all);
    if (index >= all) return NULL;
  } while (marks[index * f->page_size / 4096] != 0);
  marks[index * f->page_size / 4096] = 1;
  f->taken++;
  return space + index * f->page_size;
}

static void give_frame(void *context, void *frame, size_t size) {
  frames *f = context;
  size_t mark = ((unsigned char *)frame - space) / 4096;
  if (size != f->page_size || marks[mark] != 1) {
    f->errors++;
    print_error("frame %p of %zu bytes is not out\n", frame, size);
    return;
  }
  marks[mark] = 2; /* idle */
  f->given_back++;
  f->idle[f->idle_count++] = frame;
}

static void open_frames(frames *f, size_t page_size, size_t distance, uint64_t seed) {
  memset(f, 0, sizeof *f);
  f->page_size = page_size;
  f->distance = distance;
  f->random = seed;
}

/** All frames are back; their memory and marks are as new. */
static void close_frames(frames *f) {
  assert_int_equal(f->errors, 0);
  assert_int_equal(f->taken, f->given_back);
  for (size_t i = 0; i < f->idle_count; i++) {
    marks[((unsigned char *)f->idle[i] - space) / 4096] = 0;
    madvise(f->idle[i], f->page_size, MADV_DONTNEED);
  }
}

static slm_zone *open_zone(storage_type *storage, frames *f, bool pull) {
  slm_page_provider provider = {.struct_size = sizeof provider,
                                .page_size = (uint32_t)f->page_size,
                                .context = f,
                                .allocate_page = pull ? take_frame : NULL,
                                .release_page = give_frame};
  slm_options options = SUITE_OPTIONS(provider);
  options.page_size = (uint32_t)f->page_size;
  slm_zone *zone = slm_zone_init(storage, sizeof *storage, &options, NULL);
  assert_non_null(zone);
  return zone;
}

static slm_statistics statistics_of(slm_zone *zone) {
  slm_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_zone_statistics(zone, &out));
  return out;
}

/** The largest size on base pages. */
static size_t page_object(size_t page_size) { return (page_size / 16 > 2048 ? page_size / 16 : 2048) - CANARY; }

static void *objects[1 << 17];

/** Fills so many frames, finds each object, and empties them again. */
static void fill_and_empty(size_t page_size, size_t distance, size_t pages, bool pull) {
  static frames f;
  static storage_type storage;
  uint64_t random = pages + distance;
  open_frames(&f, page_size, distance, 7 + distance);
  slm_zone *zone = open_zone(&storage, &f, pull);
  size_t size = page_object(page_size), count = 0, most_tables = 0;
  while (f.taken < pages) {
    if (pull) {
      /* All slots of a page, up to the next page. */
      size_t held = f.taken;
      while (f.taken == held) {
        void *object = slm_zone_allocate(zone, size);
        assert_non_null(object);
        assert_true(count < COUNT_OF(objects));
        objects[count++] = object;
        memset(object, (int)count, 16);
      }
    } else {
      assert_ok(slm_zone_refill(zone, 1, size, take_frame(&f, page_size), page_size));
      for (void *object; (object = slm_zone_allocate(zone, size)) != NULL;) {
        assert_true(count < COUNT_OF(objects));
        objects[count++] = object;
        memset(object, (int)count, 16);
      }
    }
    if (f.taken % (pages / 16) == 0) { /* the statistics look at each slab */
      size_t tables = (size_t)statistics_of(zone).table_pages;
      if (f.taken - tables > 128) assert_true(tables <= (f.taken - tables) / 64);
      if (tables > most_tables) most_tables = tables;
    }
  }
  assert_int_equal(statistics_of(zone).base_pages_taken - statistics_of(zone).base_pages_given_back,
                   f.taken - f.given_back);
  if (pull && pages > 200) assert_true(most_tables > 0);
  if (!pull) assert_int_equal(statistics_of(zone).table_pages, 0); /* they lodge in what was pushed */
  for (size_t i = 0; i < count; i++) {
    assert_true(slm_zone_owns(zone, objects[i]));
    assert_true(bytes_are(objects[i], 16, (unsigned char)(i + 1)));
    assert_true(slm_zone_usable_size(zone, objects[i]) >= size);
  }
  /* What lies between is not the zone's. */
  for (size_t i = 0; i < 10000; i++) {
    size_t index = random_below(&random, SPACE_SIZE / page_size);
    unsigned char *page = space + index * page_size;
    if (marks[index * page_size / 4096] != 1)
      assert_false(slm_zone_owns(zone, page + random_below(&random, page_size)));
  }
  assert_false(slm_zone_owns(zone, space - 1) || slm_zone_owns(zone, space + SPACE_SIZE) || slm_zone_owns(zone, NULL));
  if (pull) shuffle(objects, count, &random);
  for (size_t i = 0; i < count; i++) assert_ok(slm_zone_deallocate(zone, objects[i]));
  assert_int_equal(statistics_of(zone).slots_live, 0);
  assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(f.taken, f.given_back);
  assert_int_equal(statistics_of(zone).table_pages, 0);
  assert_false(slm_zone_owns(zone, objects[0]));
  if (pull) assert_non_null(slm_zone_allocate(zone, 100));
  size_t got = SIZE_MAX;
  assert_ok(slm_zone_destroy(zone, &got));
  assert_int_equal(got, pull);
  close_frames(&f);
}

static const size_t distances[] = {1, 4, 16, 64, 512, 0};

static void frames_of_a_provider(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(distances); i++) {
    fill_and_empty(4096, distances[i], 3000, true);
    fill_and_empty(16384, distances[i], 400, true);
    fill_and_empty(65536, distances[i], 400, true);
  }
}

static void frames_that_are_pushed(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(distances); i++) {
    fill_and_empty(4096, distances[i], 3000, false);
    fill_and_empty(16384, distances[i], 400, false);
    fill_and_empty(65536, distances[i], 400, false);
  }
}

static void a_hundred_thousand_frames(void **state) {
  (void)state;
  fill_and_empty(4096, 1, 100000, true);
  fill_and_empty(4096, 0, 100000, true);
  fill_and_empty(4096, 16, 100000, false);
}

/** Zones that take the frames of one provider in turn find their own, and never another's. */
static void zones_that_take_turns(void **state) {
  (void)state;
  enum { ZONES = 4, PAGES = 1500 };
  static storage_type storages[ZONES];
  static frames f;
  static void *each[ZONES][PAGES];
  slm_zone *zones[ZONES];
  open_frames(&f, 4096, 1, 0);
  for (size_t z = 0; z < ZONES; z++) zones[z] = open_zone(&storages[z], &f, true);
  for (size_t i = 0; i < PAGES; i++)
    for (size_t z = 0; z < ZONES; z++) assert_non_null(each[z][i] = slm_zone_allocate(zones[z], ONE_PER_PAGE));
  for (size_t i = 0; i < PAGES; i++) {
    for (size_t z = 0; z < ZONES; z++) {
      for (size_t other = 0; other < ZONES; other++)
        assert_int_equal(slm_zone_owns(zones[other], each[z][i]), other == z);
      assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(zones[(z + 1) % ZONES], each[z][i]));
      assert_ok(slm_zone_deallocate(zones[z], each[z][i]));
    }
  }
  for (size_t z = 0; z < ZONES; z++) assert_ok(slm_zone_destroy(zones[z], NULL));
  close_frames(&f);
}

/** Pages that come and go in any order, at each distance. */
static void pages_that_come_and_go(void **state) {
  (void)state;
  enum { LIVE = 2000 };
  uint64_t random = suite_seed();
  for (size_t i = 0; i < COUNT_OF(distances); i++) {
    static frames f;
    static storage_type storage;
    static void *live[LIVE];
    memset(live, 0, sizeof live);
    open_frames(&f, 4096, distances[i], random_next(&random));
    slm_zone *zone = open_zone(&storage, &f, true);
    for (size_t step = 0; step < 60000; step++) {
      void **object = &live[random_below(&random, LIVE)];
      bool grows = step / 6000 % 2 == 0;
      if (*object != NULL && random_below(&random, grows ? 4 : 1) == 0) {
        assert_true(slm_zone_owns(zone, *object));
        assert_int_equal(*(size_t *)*object, (size_t)*object);
        assert_ok(slm_zone_deallocate(zone, *object));
        *object = NULL;
      } else if (*object == NULL && random_below(&random, grows ? 1 : 4) == 0) {
        assert_non_null(*object = slm_zone_allocate(zone, ONE_PER_PAGE));
        *(size_t *)*object = (size_t)*object;
      }
      if (step % 500 == 0) {
        assert_ok(slm_zone_reclaim(zone, random_below(&random, 100), 0, NULL));
        slm_statistics now = statistics_of(zone);
        assert_int_equal(now.base_pages_taken - now.base_pages_given_back, f.taken - f.given_back);
      }
    }
    for (size_t j = 0; j < LIVE; j++)
      if (live[j] != NULL) assert_ok(slm_zone_deallocate(zone, live[j]));
    assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
    assert_int_equal(f.taken, f.given_back);
    assert_ok(slm_zone_destroy(zone, NULL));
    close_frames(&f);
  }
}

/** A directory whose pages the provider refuses serves as long as it has room, and goes on when it gives them. */
static void without_pages_for_tables(void **state) {
  (void)state;
  for (size_t one_in = 2; one_in <= 5; one_in++) {
    fixture f;
    open_pull(&f, 4096);
    f.provider.careless = true;
    f.provider.fail_one_in = one_in;
    size_t count = 0;
    while (count < 3000) {
      void *object = slm_zone_allocate(f.zone, ONE_PER_PAGE);
      if (object != NULL) objects[count++] = object;
      if (count % 100 == 0) check_books(&f);
    }
    for (size_t i = 0; i < count; i++) assert_true(slm_zone_owns(f.zone, objects[i]));
    f.provider.fail_one_in = 0;
    for (size_t i = 0; i < count; i++) assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    still_works(&f);
    close_fixture(&f);
  }
}

static int map_space(void **state) {
  (void)state;
  space = mmap(NULL, SPACE_SIZE + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  marks = mmap(NULL, SPACE_SIZE / 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED || marks == MAP_FAILED) return -1;
  space = (unsigned char *)(((uintptr_t)space + 65535) & ~(uintptr_t)65535);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_of_a_provider),      cmocka_unit_test(frames_that_are_pushed),
      cmocka_unit_test(a_hundred_thousand_frames), cmocka_unit_test(zones_that_take_turns),
      cmocka_unit_test(pages_that_come_and_go),    cmocka_unit_test(without_pages_for_tables),
  };
  return cmocka_run_group_tests_name(PROFILE_NAME FAMILY " directory", tests, map_space, NULL);
}
