/* A host that opens plug-ins, each with the static archive in it, and closes them while their objects and the threads
 * that used them live on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 2000, SIZE = 40000, LARGE = 300000 };

typedef struct plugin {
  void *handle;
  void *(*allocate)(size_t);
  void (*release)(void *);
  size_t (*usable_size)(const void *);
  uint64_t (*heaps)(void);
} plugin;

/** The path of a plug-in beside this program. */
static const char *plugin_path(const char *name) {
  static char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
  assert_true(length > 0);
  path[length] = '\0';
  strcpy(strrchr(path, '/') + 1, name);
  return path;
}

static plugin plugin_open(const char *name) {
  plugin p = {.handle = dlopen(plugin_path(name), RTLD_NOW | RTLD_LOCAL)};
  if (p.handle == NULL) fail_msg("%s", dlerror());
  *(void **)&p.allocate = dlsym(p.handle, "plugin_allocate");
  *(void **)&p.release = dlsym(p.handle, "plugin_free");
  *(void **)&p.usable_size = dlsym(p.handle, "plugin_usable_size");
  *(void **)&p.heaps = dlsym(p.handle, "plugin_heaps");
  return p;
}

static int is_loaded(const char *name) {
  void *handle = dlopen(plugin_path(name), RTLD_NOW | RTLD_NOLOAD);
  if (handle != NULL) dlclose(handle);
  return handle != NULL;
}

static char *filled(const plugin *p, size_t size) {
  char *object = p->allocate(size);
  assert_non_null(object);
  return memset(object, 'p', size);
}

static void assert_filled(const char *object, size_t size) {
  for (size_t i = 0; i < size; i++) assert_int_equal(object[i], 'p');
}

static size_t address_space(void) {
  size_t pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%zu", &pages), 1);
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int keys_left(void) {
  static pthread_key_t keys[2048];
  int count = 0;
  while (count < 2048 && pthread_key_create(&keys[count], NULL) == 0) count++;
  for (int i = 0; i < count; i++) pthread_key_delete(keys[i]);
  return count;
}

typedef struct user {
  plugin plugin;
  pthread_t thread;
  pthread_barrier_t used, closed;
} user;

static void *use_and_wait(void *argument) {
  user *u = argument;
  u->plugin.release(filled(&u->plugin, 100));
  pthread_barrier_wait(&u->used);
  pthread_barrier_wait(&u->closed);
  return NULL;
}

/** A thread uses the plug-in, and ends after the plug-in was closed. */
static void close_under_a_thread(user *u, const char *name) {
  u->plugin = plugin_open(name);
  pthread_barrier_init(&u->used, NULL, 2);
  pthread_barrier_init(&u->closed, NULL, 2);
  assert_int_equal(pthread_create(&u->thread, NULL, use_and_wait, u), 0);
  pthread_barrier_wait(&u->used);
  assert_int_equal(dlclose(u->plugin.handle), 0);
  pthread_barrier_wait(&u->closed);
  assert_int_equal(pthread_join(u->thread, NULL), 0);
}

static void closed_while_a_thread_lives(void **state) {
  (void)state;
  user u;
  close_under_a_thread(&u, "one.so");
  plugin p = plugin_open("one.so");
  p.release(p.allocate(1));
  assert_int_equal(p.heaps(), 1); /* this thread's: the other one has returned its heap */
  assert_int_equal(dlclose(p.handle), 0);
}

static void opened_and_closed_again_and_again(void **state) {
  (void)state;
  plugin p = plugin_open("one.so");
  p.release(filled(&p, SIZE));
  dlclose(p.handle);
  int keys = keys_left();
  size_t before = address_space();
  for (int round = 0; round < ROUNDS; round++) {
    p = plugin_open("one.so");
    p.release(filled(&p, SIZE));
    assert_int_equal(dlclose(p.handle), 0);
  }
  assert_int_equal(keys_left(), keys);
  assert_true(address_space() <= before + (64 << 20));
}

/** The plug-in stays mapped, and is the same copy when it is opened again. */
static void objects_outlive_the_close(void **state) {
  (void)state;
  plugin p = plugin_open("one.so");
  char *object = filled(&p, SIZE), *large = filled(&p, LARGE);
  assert_int_equal(dlclose(p.handle), 0);
  assert_true(is_loaded("one.so"));
  assert_filled(object, SIZE);
  assert_filled(large, LARGE);
  p.release(object); /* the function is still there */
  p = plugin_open("one.so");
  assert_true(p.usable_size(large) >= LARGE);
  p.release(large);
  assert_int_equal(dlclose(p.handle), 0);
}

static void two_in_turn_have_their_own(void **state) {
  (void)state;
  size_t before = 0;
  for (int round = 0; round < 200; round++) {
    plugin one = plugin_open("one.so");
    char *first = filled(&one, SIZE);
    assert_int_equal(dlclose(one.handle), 0);
    plugin two = plugin_open("two.so");
    char *second = filled(&two, SIZE);
    assert_ptr_not_equal(one.allocate, two.allocate);
    assert_filled(first, SIZE);
    two.release(second);
    assert_int_equal(dlclose(two.handle), 0);
    one.release(first);
    if (round == 0) before = address_space();
  }
  assert_true(address_space() <= before + (64 << 20));
}

/* The plug-in finds this dladdr() before the C library's: as if the plug-in could not be found. */
static int refuses;
int dladdr(const void *address, Dl_info *info) {
  static int (*next)(const void *, Dl_info *);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "dladdr");
  return refuses ? 0 : next(address, info);
}

/** Without a pin the plug-in is unmapped. No key leads to it any more, and its objects stay. */
static void unpinned_it_leaves_objects(void **state) {
  (void)state;
  int keys = keys_left();
  refuses = 1;
  for (int round = 0; round < 3; round++) {
    user u;
    plugin p = plugin_open("unpinned.so");
    char *object = filled(&p, SIZE);
    close_under_a_thread(&u, "unpinned.so");
    assert_int_equal(dlclose(p.handle), 0);
    assert_false(is_loaded("unpinned.so"));
    assert_filled(object, SIZE);
  }
  refuses = 0;
  assert_int_equal(keys_left(), keys);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_while_a_thread_lives), cmocka_unit_test(opened_and_closed_again_and_again),
      cmocka_unit_test(objects_outlive_the_close),   cmocka_unit_test(two_in_turn_have_their_own),
      cmocka_unit_test(unpinned_it_leaves_objects),
  };
  return cmocka_run_group_tests_name("plug-ins", tests, NULL, NULL);
}
