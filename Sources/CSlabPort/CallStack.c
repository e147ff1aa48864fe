// The call stack of a misuse, on stderr, a line for each call:
//
//     slabmalloc:   0x7f0012345678 /usr/lib/libfoo.so.1+0x12677
//
// The first number is where the call returns to. The second is the place of the call in the file, as
// `addr2line -e FILE` takes it.
//
// The heap profile reads call stacks too, within malloc: see SampleStack.c.
//
// Rule: a report allocates nothing. The C library's backtrace() loads its unwinder when it is first called, and
// allocates for that. It is therefore called once when the process begins, if the environment asks for call stacks, or
// when the program starts a profile.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

// A C library other than glibc has neither. A static program has what it is linked with: `-Wl,-u,backtrace`.
int backtrace(void **addresses, int count);
#pragma weak backtrace
#pragma weak dladdr1
// The start of the file that this code is linked into, from the linker.
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

static int is_ready;

static int is_wanted(void) {
  size_t position = 0;
  for (const char *entry; (entry = slm_port_next_option(&position)) != NULL;) {
    if (strcmp(entry + SLM_PORT_OPTION_PREFIX_LENGTH, "BACKTRACE=1") == 0) return 1;
  }
  return 0;
}

int slm_port_load_unwinder(void) {
  if (backtrace == NULL || is_ready) return is_ready;
  int saved = errno;
  void *address;
  slm_port_before_loading();
  is_ready = backtrace(&address, 1) >= 0;
  slm_port_after_loading();
  if (is_ready) slm_port_prepare_samples();
  errno = saved;
  return is_ready;
}

void slm_port_prepare_call_stack(void) {
  if (is_wanted()) slm_port_load_unwinder();
}

enum { LINE = 512, MOST_CALLS = 64, OWN_CALLS = 1 };

typedef struct {
  char bytes[LINE];
  size_t count;
} line;

// Room stays for a number and the end of the line.
static void add(line *l, const char *text) {
  while (*text != 0 && l->count < LINE - 32) l->bytes[l->count++] = *text++;
}

static void add_hex(line *l, uintptr_t number) {
  l->bytes[l->count++] = '0';
  l->bytes[l->count++] = 'x';
  int shift = 0;
  while (shift < (int)sizeof number * 8 - 4 && number >> shift >= 16) shift += 4;
  for (; shift >= 0; shift -= 4) l->bytes[l->count++] = "0123456789abcdef"[number >> shift & 15];
}

// The file that an address lies in, and where the file is loaded. NULL if that is not known.
static const char *file_of(uintptr_t address, uintptr_t *load) {
  Dl_info info;
  struct link_map *map = NULL;
  if (dladdr1 != NULL && dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 && map != NULL) {
    *load = map->l_addr;
    return info.dli_fname;
  }
  // A program without a loader is static: one file.
  if (getauxval(AT_BASE) != 0 || &__ehdr_start == NULL) return NULL;
  *load = __ehdr_start.e_type == ET_DYN ? (uintptr_t)&__ehdr_start : 0;
  return (const char *)getauxval(AT_EXECFN);
}

static void write_call(uintptr_t address) {
  line l = {.count = 0};
  uintptr_t load = 0;
  add(&l, "slabmalloc:   ");
  add_hex(&l, address);
  // The call is before the place that it returns to, which may be the next function's.
  const char *file = file_of(address - 1, &load);
  if (file != NULL) {
    add(&l, " ");
    add(&l, file);
    l.bytes[l.count++] = '+';
    add_hex(&l, address - 1 - load);
  }
  l.bytes[l.count++] = '\n';
  slm_port_write_error(l.bytes, l.count);
}

void slm_port_write_call_stack(void) {
  if (!is_ready) {
    static const char text[] = "slabmalloc: no call stack: the C library has no backtrace(), or the option came late\n";
    slm_port_write_error(text, sizeof text - 1);
    return;
  }
  void *addresses[MOST_CALLS];
  int count = backtrace(addresses, MOST_CALLS);
  for (int i = OWN_CALLS; i < count; i++) write_call((uintptr_t)addresses[i]);
}
#endif
