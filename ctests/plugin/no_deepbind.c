#define _GNU_SOURCE
#include <dlfcn.h>

/* cc -shared -fPIC no_deepbind.c -o no_deepbind.so; LD_PRELOAD="no_deepbind.so libslabmalloc-preload.so" program */
void *dlopen(const char *path, int flags) {
  void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
  return next(path, flags & ~RTLD_DEEPBIND);
}
