// Pinning: the shared object that holds this library is never unloaded.
//
// A plug-in may contain the static archive. After dlclose() the host still has objects of this malloc, and its threads
// still have heaps, which the destructor of a thread key takes back when they end. Both need the code and the state to
// stay mapped. The object therefore opens itself once more with RTLD_NODELETE:
//
//     dlopen() ──> constructor ──> pin ── dlclose() ──> stays mapped ── dlopen() ──> the same copy again
//
// dlsym() is weak, because a C library may keep it in a library of its own, which the host of a plug-in has loaded. It
// finds the other two: a linker warns of each static program that names dlopen().
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>
#include <link.h>

#pragma weak dlsym

// _DYNAMIC is the dynamic section of the program or shared object that holds this library. A static program has none.
#pragma weak _DYNAMIC
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

// A program is never unloaded, nor is what was linked with -z nodelete. Linkers give only programs a DT_DEBUG.
static int stays_loaded(void) {
  if (_DYNAMIC == NULL) return 1;
  for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_DEBUG || (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NODELETE))) return 1;
  }
  return 0;
}

int slm_port_pin(void) {
  if (stays_loaded()) return 0;
  if (dlsym == NULL) return -1;
  int (*find)(const void *, Dl_info *) = (int (*)(const void *, Dl_info *))dlsym(RTLD_DEFAULT, "dladdr");
  void *(*open)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_DEFAULT, "dlopen");
  Dl_info info;
  if (find == NULL || open == NULL || find(_DYNAMIC, &info) == 0) return -1;
  int saved = errno;
  void *handle = open(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  errno = saved;
  return handle != NULL ? 0 : -1;
}
#endif
