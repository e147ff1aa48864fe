// C++'s operators new and delete as the dynamic linker sees them: whether they are this library's or a program's, and
// those of the C++ runtime, which this library's hide.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>

// The forms that the others are defined to call, at the numbers that slm_port_first_new() and slm_port_first_delete()
// find them by.
enum { NEW, NEW_ARRAY, NEW_ALIGNED, NEW_ARRAY_ALIGNED, DELETE, DELETE_ARRAY, DELETE_ALIGNED, DELETE_ARRAY_ALIGNED };
static const char *const names[] = {"_Znwm",  "_Znam",  "_ZnwmSt11align_val_t",  "_ZnamSt11align_val_t",
                                    "_ZdlPv", "_ZdaPv", "_ZdlPvSt11align_val_t", "_ZdaPvSt11align_val_t"};
// Whichever definition comes first in the process: a program's before this library's.
static void *first[sizeof names / sizeof *names];

unsigned char slm_port_operators;
enum { REPLACED = 2 };

int slm_port_look_at_operators(void) {
  unsigned char state = __atomic_load_n(&slm_port_operators, __ATOMIC_ACQUIRE);
  if (state != 0) return state != REPLACED;
  Dl_info own, other;
  state = dladdr(&slm_port_operators, &own) != 0 ? SLM_PORT_OWN_OPERATORS : REPLACED;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *function = dlsym(RTLD_DEFAULT, names[i]);
    __atomic_store_n(&first[i], function, __ATOMIC_RELAXED);
    if (dladdr(function, &other) == 0 || other.dli_fbase != own.dli_fbase) state = REPLACED;
  }
  __atomic_store_n(&slm_port_operators, state, __ATOMIC_RELEASE);
  return state != REPLACED;
}

static void *first_of(int base, int form) {
  int number = base + (form & SLM_PORT_ALIGNED ? 2 : 0) + (form & SLM_PORT_ARRAY ? 1 : 0);
  return __atomic_load_n(&first[number], __ATOMIC_RELAXED);
}

void *slm_port_first_new(int form, size_t size, size_t alignment) {
  if (form & SLM_PORT_ALIGNED) return ((void *(*)(size_t, size_t))first_of(NEW, form))(size, alignment);
  return ((void *(*)(size_t))first_of(NEW, form))(size);
}

void slm_port_first_delete(int form, void *object, size_t alignment) {
  if (form & SLM_PORT_ALIGNED) ((void (*)(void *, size_t))first_of(DELETE, form))(object, alignment);
  else ((void (*)(void *))first_of(DELETE, form))(object);
}

// The runtime's operator. RTLD_NEXT does not search a runtime that dlopen loaded with local scope. Such a runtime is
// opened by name.
static void *find_next(int form) {
  static const char *const names[] = {
      "_Znwm", "_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnwmSt11align_val_tRKSt9nothrow_t",
      "_Znam", "_ZnamRKSt9nothrow_t", "_ZnamSt11align_val_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
  };
  static const char *const runtimes[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
  void *next = dlsym(RTLD_NEXT, names[form]);
  for (size_t i = 0; next == NULL && i < sizeof runtimes / sizeof *runtimes; i++) {
    void *runtime = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
    if (runtime != NULL) next = dlsym(runtime, names[form]);
  }
  return next;
}

void *slm_port_next_new(int form, size_t size, size_t alignment, const void *tag) {
  void *next = find_next(form);
  // A runtime rounds the size up to the alignment, and the largest ones to 0.
  if (size > PTRDIFF_MAX) size = PTRDIFF_MAX;
  if (next == NULL) {
    if (form & SLM_PORT_NOTHROW) return NULL;
    static const char line[] = "slabmalloc: operator new is out of memory, and no C++ runtime is there to say so\n";
    slm_port_write_error(line, sizeof line - 1);
    abort();
  }
  switch (form & (SLM_PORT_ALIGNED | SLM_PORT_NOTHROW)) {
  case SLM_PORT_ALIGNED | SLM_PORT_NOTHROW:
    return ((void *(*)(size_t, size_t, const void *))(uintptr_t)next)(size, alignment, tag);
  case SLM_PORT_ALIGNED:
    return ((void *(*)(size_t, size_t))(uintptr_t)next)(size, alignment);
  case SLM_PORT_NOTHROW:
    return ((void *(*)(size_t, const void *))(uintptr_t)next)(size, tag);
  default:
    return ((void *(*)(size_t))(uintptr_t)next)(size);
  }
}
#endif
