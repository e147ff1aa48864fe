// pthread_atfork in shared objects. An object or a static program gets it from the C library that it is linked with. A
// shared object would get a copy of glibc's, which calls a function that only glibc has. With this one instead, the
// same shared object runs on glibc and on musl. The archive and the object to link leave this file out.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>

typedef void handler(void);

// glibc's, which pthread_atfork stands for there.
extern int __register_atfork(handler *prepare, handler *parent, handler *child, void *object) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

__attribute__((visibility("hidden"))) int pthread_atfork(handler *prepare, handler *parent, handler *child) {
  if (__register_atfork != NULL) return __register_atfork(prepare, parent, child, &__dso_handle);
  int (*others)(handler *, handler *, handler *) = NULL;
  *(void **)&others = dlsym(RTLD_DEFAULT, "pthread_atfork");
  return others != NULL ? others(prepare, parent, child) : ENOSYS;
}
#endif
