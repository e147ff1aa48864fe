/* dlopen() and dlclose() of objects whose constructors, destructors and thread-local storage allocate. */
#include "../support/busy.h"
#include "../support/child.h"

enum { COPIES = 12 };
static char folder[] = "/tmp/slabmalloc-plugins-XXXXXX";

static const char *copy_path(size_t index) {
  static char path[64];
  snprintf(path, sizeof path, "%s/plugin%zu.so", folder, index);
  return path;
}

/** Copies of one plugin, as the loader takes the same file only once. */
static int make_copies(void **state) {
  (void)state;
  char source[PATH_MAX], *slash;
  ssize_t length = readlink("/proc/self/exe", source, sizeof source - 16);
  if (length < 0 || mkdtemp(folder) == NULL) return -1;
  source[length] = '\0';
  if ((slash = strrchr(source, '/')) == NULL) return -1;
  strcpy(slash, "/plugin.so");
  for (size_t i = 0; i < COPIES; i++) {
    char buffer[8192];
    FILE *from = fopen(source, "rb"), *to = fopen(copy_path(i), "wb");
    if (from == NULL || to == NULL) return -1;
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, from)) > 0;) fwrite(buffer, 1, got, to);
    fclose(from);
    if (fclose(to) != 0) return -1;
  }
  return 0;
}

static int remove_copies(void **state) {
  (void)state;
  for (size_t i = 0; i < COPIES; i++) unlink(copy_path(i));
  return rmdir(folder);
}

typedef struct plugin {
  void *handle;
  char *(*local)(void);
  char *(*make)(size_t);
} plugin;

static void load(plugin *p, size_t index, int *ended) {
  p->handle = dlopen(copy_path(index), RTLD_NOW | RTLD_LOCAL);
  if (p->handle == NULL) fail_msg("%s", dlerror());
  int *ready = dlsym(p->handle, "plugin_ready"), **where = dlsym(p->handle, "plugin_ended");
  *(void **)&p->local = dlsym(p->handle, "plugin_local");
  *(void **)&p->make = dlsym(p->handle, "plugin_make");
  assert_true(ready != NULL && where != NULL && p->local != NULL && p->make != NULL);
  assert_int_equal(*ready, 1);
  *where = ended;
}

static void load_and_unload(void **state) {
  (void)state;
  busy b;
  busy_start(&b);
  for (size_t round = 0; round < 25; round++) {
    plugin plugins[COPIES];
    char *objects[COPIES];
    int ended = 0;
    for (size_t i = 0; i < COPIES; i++) {
      load(&plugins[i], i, &ended);
      assert_non_null(objects[i] = plugins[i].make(1000 * i));
    }
    for (size_t i = 0; i < COPIES; i++) assert_int_equal(dlclose(plugins[(i * 5 + round) % COPIES].handle), 0);
    assert_int_equal(ended, COPIES);
    /* An object outlives the code that allocated it. */
    for (size_t i = 0; i < COPIES; i++) {
      assert_true(bytes_are(objects[i], 1000 * i, 'p'));
      free(objects[i]);
    }
  }
  busy_stop(&b);
}

static void *use_local(void *argument) {
  plugin *plugins = argument;
  for (size_t i = 0; i < COPIES; i++) {
    char *local = plugins[i].local();
    if (local == NULL || !bytes_are(local, 20000, 0)) return NULL;
    memset(local, 1, 20000);
  }
  return argument;
}

/** Each thread gets blocks of its own from the loader, which calls malloc and calloc for them. */
static void thread_local_storage(void **state) {
  (void)state;
  for (size_t round = 0; round < 10; round++) {
    plugin plugins[COPIES];
    pthread_t threads[8];
    int ended = 0;
    for (size_t i = 0; i < COPIES; i++) load(&plugins[i], i, &ended);
    for (size_t i = 0; i < COUNT_OF(threads); i++) start_thread(&threads[i], use_local, plugins);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
      void *result;
      assert_int_equal(pthread_join(threads[i], &result), 0);
      assert_non_null(result);
    }
    assert_non_null(use_local(plugins));
    for (size_t i = 0; i < COPIES; i++) assert_int_equal(dlclose(plugins[i].handle), 0);
    assert_int_equal(ended, COPIES);
  }
}

/** Plugins that are still loaded when the process exits. */
static int exit_with_plugins(void *argument) {
  (void)argument;
  static int ended;
  plugin p;
  for (size_t i = 0; i < COPIES; i++) load(&p, i, &ended);
  exit(0);
}

static void still_loaded_at_exit(void **state) {
  (void)state;
  child c;
  child_call(&c, exit_with_plugins, NULL);
  assert_child_fine(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(load_and_unload),
      cmocka_unit_test(thread_local_storage),
      cmocka_unit_test(still_loaded_at_exit),
  };
  return cmocka_run_group_tests_name("preload dlopen", tests, make_copies, remove_copies);
}
