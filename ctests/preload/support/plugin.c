/* A shared object that allocates in its constructor, its destructor and its thread-local storage. */
#include <stdlib.h>
#include <string.h>

int plugin_ready, *plugin_ended;
static char *kept[50];
static __thread char local[20000];

__attribute__((constructor)) static void begin(void) {
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    kept[i] = malloc(10 + i * 1000);
    if (kept[i] == NULL) return;
    memset(kept[i], (int)i, 10 + i * 1000);
  }
  plugin_ready = 1;
}

/** Of thread-local storage the loader allocates the block, when a thread first comes here. */
char *plugin_local(void) { return local; }

/** Something for the host to free. */
char *plugin_make(size_t size) {
  char *object = calloc(1, size + 1);
  return object == NULL ? NULL : memset(object, 'p', size);
}

__attribute__((destructor)) static void end(void) {
  int good = 1;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    char *again = malloc(10 + i * 1000);
    good &= again != NULL && kept[i][9] == (char)i && kept[i][9 + i * 1000] == (char)i;
    free(kept[i]);
    free(again);
  }
  if (plugin_ended != NULL) *plugin_ended += good;
}
