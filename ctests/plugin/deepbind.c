/* A host that opens a plug-in with RTLD_DEEPBIND, and frees what the plug-in has allocated. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  void *plugin = count > 1 ? dlopen(arguments[1], RTLD_NOW | RTLD_DEEPBIND) : NULL;
  char *(*make)(size_t) = plugin == NULL ? NULL : (char *(*)(size_t))dlsym(plugin, "plugin_make");
  if (make == NULL) return 2;
  free(make(100));
  return 0;
}
