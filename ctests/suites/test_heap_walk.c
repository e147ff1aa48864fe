/* Walks over a heap: every live object of every thread is visited once, whatever the visitor does. */
#include "../support/heap_team.h"

static member members[TEAM];

typedef struct walk {
  slm_heap *heap;
  unsigned char visits[TEAM][TEAM_OBJECTS];
  size_t calls, strangers, large, stop_after;
  size_t of_class[256];
  enum { NOTHING, FREES, FREES_OTHERS, ALLOCATES, NESTS, DESTROYS } does;
} walk;

static bool count(void *context, void *object, size_t size, size_t class_index) {
  (void)object, (void)size, (void)class_index;
  ++*(size_t *)context;
  return true;
}

static bool find(const void *object, size_t *member_index, size_t *index) {
  for (*member_index = 0; *member_index < TEAM; ++*member_index)
    for (*index = 0; *index < TEAM_OBJECTS; ++*index)
      if (members[*member_index].objects[*index] == object) return true;
  return false;
}

static void drop(walk *w, size_t m, size_t i) {
  if (members[m].objects[i] == NULL) return;
  assert_ok(slm_heap_deallocate(w->heap, members[m].objects[i]));
  members[m].objects[i] = NULL;
}

static bool visit(void *context, void *object, size_t size, size_t class_index) {
  walk *w = context;
  size_t m, i, calls = 0;
  uint32_t class_count = process_statistics().class_count;
  w->calls++;
  w->of_class[class_index]++;
  w->large += class_index == class_count;
  assert_int_equal(slm_heap_usable_size(w->heap, object), size);
  if (class_index < class_count) assert_int_equal(process_class(class_index).slot_size - canary_size(), size);
  if (!find(object, &m, &i)) {
    w->strangers++;
    return true;
  }
  w->visits[m][i]++;
  assert_true(member_holds(&members[m], i));
  switch (w->does) {
  case NOTHING:
    break;
  case FREES:
    drop(w, m, i);
    break;
  case FREES_OTHERS:
    for (size_t j = 0; j < TEAM_OBJECTS; j++)
      if (j != i) drop(w, m, j);
    break;
  case ALLOCATES:
    if (w->calls < 500) assert_non_null(slm_heap_allocate(w->heap, 1 + w->calls * 31 % 3000));
    break;
  case NESTS:
    assert_ok(slm_heap_for_each(w->heap, count, &calls));
    assert_int_equal(calls, TEAM * TEAM_OBJECTS);
    w->does = NOTHING;
    break;
  case DESTROYS:
    assert_ok(slm_heap_destroy(w->heap, NULL));
    break;
  }
  return w->calls != w->stop_after;
}

static slm_heap *open(walk *w) {
  memset(w, 0, sizeof *w);
  w->heap = heap_create();
  team_open(members, w->heap, TEAM_OBJECTS, 0);
  team_allocate(members);
  return w->heap;
}

static void check_visits(const walk *w, size_t want) {
  for (size_t m = 0; m < TEAM; m++)
    for (size_t i = 0; i < TEAM_OBJECTS; i++) assert_int_equal(w->visits[m][i], want);
}

static void each_object_once(void **state) {
  (void)state;
  static walk w;
  slm_heap *heap = open(&w), *other = heap_create();
  void *of_thread = slm_malloc(100), *lone = slm_heap_allocate(heap, 40 * MIB);
  assert_true(of_thread != NULL && lone != NULL && slm_heap_allocate(other, 100) != NULL);
  assert_ok(slm_heap_for_each(heap, visit, &w));
  check_visits(&w, 1);
  assert_int_equal(w.calls, TEAM * TEAM_OBJECTS + 1);
  assert_int_equal(w.strangers, 1); /* the lone one */
  slm_heap_usage usage = heap_usage(heap);
  assert_int_equal(w.large, usage.large_live);
  assert_true(w.large > TEAM);
  for (uint32_t i = 0; i < process_statistics().class_count; i++) {
    slm_class_statistics class = {.struct_size = sizeof class}, all = process_class(i);
    assert_ok(slm_heap_class_statistics(heap, i, &class));
    assert_int_equal(class.slots_live, w.of_class[i]);
    assert_int_equal(class.slot_size, all.slot_size);
    assert_int_equal(class.page_size, all.page_size);
    assert_int_equal(class.slots_per_page, all.slots_per_page);
    assert_true(class.pages <= all.pages && class.empty_pages <= class.pages);
    assert_true((class.pages > class.empty_pages) == (class.slots_live > 0));
  }
  size_t calls = 0;
  assert_ok(slm_heap_for_each(other, count, &calls));
  assert_int_equal(calls, 1);
  slm_free(of_thread);
  heap_destroy(heap, TEAM * TEAM_OBJECTS + 1);
  heap_destroy(other, 1);
}

static void what_is_freed_is_not_visited(void **state) {
  (void)state;
  static walk w;
  slm_heap *heap = open(&w);
  void *gone[TEAM];
  for (size_t m = 0; m < TEAM; m++) { /* by this thread, of other threads' parts: a remote free */
    gone[m] = members[m].objects[m];
    slm_free(gone[m]);
    members[m].objects[m] = NULL;
  }
  assert_ok(slm_heap_for_each(heap, visit, &w));
  assert_int_equal(w.calls, TEAM * TEAM_OBJECTS - TEAM);
  assert_int_equal(w.strangers, 0);
  heap_destroy(heap, TEAM * TEAM_OBJECTS - TEAM);
}

static void the_visitor_frees(void **state) {
  (void)state;
  static walk w;
  slm_heap *heap = open(&w);
  w.does = FREES;
  assert_ok(slm_heap_for_each(heap, visit, &w));
  check_visits(&w, 1);
  heap_destroy(heap, 0);
  heap = open(&w);
  w.does = FREES_OTHERS;
  assert_ok(slm_heap_for_each(heap, visit, &w));
  assert_int_equal(w.calls, TEAM); /* the first of each member's that is found */
  heap_destroy(heap, TEAM);
}

static void the_visitor_allocates_and_walks(void **state) {
  (void)state;
  static walk w;
  slm_heap *heap = open(&w);
  w.does = ALLOCATES;
  assert_ok(slm_heap_for_each(heap, visit, &w));
  check_visits(&w, 1);
  slm_heap_destroy(heap, NULL);
  heap = open(&w);
  w.does = NESTS;
  assert_ok(slm_heap_for_each(heap, visit, &w));
  check_visits(&w, 1);
  heap_destroy(heap, TEAM * TEAM_OBJECTS);
}

static void the_visitor_ends_it(void **state) {
  (void)state;
  static walk w;
  slm_heap *heap = open(&w);
  w.stop_after = 7;
  assert_ok(slm_heap_for_each(heap, visit, &w));
  assert_int_equal(w.calls, 7);
  heap_destroy(heap, TEAM * TEAM_OBJECTS);
  heap = open(&w);
  w.does = DESTROYS;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_for_each(heap, visit, &w));
  assert_int_equal(w.calls, 1);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_destroy(heap, NULL));
}

static void the_last_walk(void **state) {
  (void)state;
  static walk w;
  size_t live = 0;
  slm_heap *heap = open(&w);
  assert_ok(slm_heap_destroy_with(heap, visit, &w, &live));
  check_visits(&w, 1);
  assert_int_equal(live, TEAM * TEAM_OBJECTS);
  heap = open(&w);
  w.stop_after = 3;
  assert_ok(slm_heap_destroy_with(heap, visit, &w, &live));
  assert_int_equal(w.calls, 3);
  assert_int_equal(live, TEAM * TEAM_OBJECTS);
  live = 77;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_destroy_with(heap, visit, &w, &live));
  assert_int_equal(live, 77);
  assert_int_equal(w.calls, 3);
}

static void what_is_refused(void **state) {
  (void)state;
  size_t calls = 0;
  slm_class_statistics class = {.struct_size = sizeof class};
  slm_heap *heap = heap_create();
  assert_ok(slm_heap_for_each(heap, count, &calls));
  assert_int_equal(calls, 0);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_class_statistics(heap, process_statistics().class_count, &class));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_class_statistics(heap, SIZE_MAX, &class));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_class_statistics(heap, 3, NULL));
  heap_destroy(heap, 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_for_each(heap, count, &calls));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_class_statistics(heap, 3, &class));
}

static void *allocate_and_free(void *argument) {
  member *self = argument;
  for (size_t i = 0; i < 20000; i++) {
    void *object = slm_heap_allocate(self->heap, 16 + i * 31 % 3000);
    self->faults += object == NULL || slm_heap_deallocate(self->heap, object) != SLM_OK;
  }
  return NULL;
}

static bool look(void *context, void *object, size_t size, size_t class_index) {
  walk *w = context;
  size_t m, i;
  (void)size, (void)class_index;
  w->calls++;
  if (find(object, &m, &i)) w->visits[m][i]++;
  return true;
}

/** What is live all the time is visited once, whatever other threads do. */
static void while_others_use_the_heap(void **state) {
  (void)state;
  static walk w;
  static member busy[4];
  pthread_t threads[4];
  slm_heap *heap = open(&w);
  for (size_t i = 0; i < 4; i++) {
    busy[i] = (member){.heap = heap};
    assert_int_equal(pthread_create(&threads[i], NULL, allocate_and_free, &busy[i]), 0);
  }
  for (size_t round = 0; round < 5; round++) {
    memset(w.visits, 0, sizeof w.visits);
    assert_ok(slm_heap_for_each(heap, look, &w));
    check_visits(&w, 1);
  }
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(busy[i].faults, 0);
  }
  heap_destroy(heap, TEAM * TEAM_OBJECTS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(each_object_once),    misuse_test(what_is_freed_is_not_visited),
      misuse_test(the_visitor_frees),   misuse_test(the_visitor_allocates_and_walks),
      misuse_test(the_visitor_ends_it), misuse_test(the_last_walk),
      misuse_test(what_is_refused),     misuse_test(while_others_use_the_heap),
  };
  return cmocka_run_group_tests_name("slm_heap walks", tests, NULL, NULL);
}
