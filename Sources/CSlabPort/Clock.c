// The clock. The kernel gives each process a small shared object, the vDSO, whose function reads the time without a
// system call. The C library's clock_gettime would do for this, but a program may replace it by a function that
// allocates, and malloc looks at the clock while it holds a lock. This file therefore finds the kernel's function
// itself. Without one, and under tools that hide it, it calls the system.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

typedef int clock_function(clockid_t clock, struct timespec *now);

static int call_system(clockid_t clock, struct timespec *now) {
  return (int)slm_port_system_call(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0);
}

// The parts of the vDSO that name its functions.
typedef struct {
  uintptr_t offset; // from addresses in the file to addresses in memory
  const ElfW(Sym) * symbols;
  const char *names;
  size_t count;
} vdso;

// The number of symbols, which only hash tables tell. That of the GNU kind is the last one of its longest chain.
static size_t count_gnu(const uint32_t *table) {
  uint32_t buckets = table[0], first = table[1], words = table[2], last = 0;
  const uint32_t *bucket = table + 4 + words * (sizeof(ElfW(Addr)) / 4), *chain = bucket + buckets;
  for (uint32_t i = 0; i < buckets; i++) last = bucket[i] > last ? bucket[i] : last;
  if (last < first) return first;
  while ((chain[last - first] & 1) == 0) last++;
  return last + 1;
}

static int open_vdso(vdso *it, uintptr_t start) {
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
  const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(start + header->e_phoff);
  const ElfW(Dyn) *entry = NULL;
  int is_loaded = 0;
  for (size_t i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD && !is_loaded) {
      it->offset = start + segments[i].p_offset - segments[i].p_vaddr;
      is_loaded = 1;
    }
    if (segments[i].p_type == PT_DYNAMIC) entry = (const ElfW(Dyn) *)(start + segments[i].p_offset);
  }
  if (!is_loaded || entry == NULL) return 0;
  for (; entry->d_tag != DT_NULL; entry++) {
    const void *value = (const void *)(it->offset + entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) it->symbols = value;
    if (entry->d_tag == DT_STRTAB) it->names = value;
    if (entry->d_tag == DT_HASH) it->count = ((const uint32_t *)value)[1];
    if (entry->d_tag == DT_GNU_HASH && it->count == 0) it->count = count_gnu(value);
  }
  return it->symbols != NULL && it->names != NULL;
}

static clock_function *find_clock(void) {
  vdso it = {0};
  int saved = errno; // an error where the kernel or a tool has no vDSO
  uintptr_t start = getauxval(AT_SYSINFO_EHDR);
  errno = saved;
  if (start == 0 || !open_vdso(&it, start)) return call_system;
  for (size_t i = 0; i < it.count; i++) {
    const char *name = it.names + it.symbols[i].st_name;
    if (it.symbols[i].st_shndx == SHN_UNDEF) continue;
    if (strcmp(name, "__vdso_clock_gettime") == 0 || strcmp(name, "__kernel_clock_gettime") == 0)
      return (clock_function *)(it.offset + it.symbols[i].st_value);
  }
  return call_system;
}

uint64_t slm_port_milliseconds(void) {
  static clock_function *found; // the same for every thread that looks for it
  clock_function *clock = __atomic_load_n(&found, __ATOMIC_RELAXED);
  if (clock == NULL) __atomic_store_n(&found, clock = find_clock(), __ATOMIC_RELAXED);
  struct timespec now = {0, 0};
  clock(CLOCK_MONOTONIC_COARSE, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
#endif
