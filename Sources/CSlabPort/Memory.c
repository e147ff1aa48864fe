// The system's memory: address space for a segment that grows, purging, and moved mappings.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

// A kernel that does not know MAP_FIXED_NOREPLACE takes the address for a wish.
int slm_port_map_at(void *memory, size_t bytes, int is_usable) {
  long mapped =
      slm_port_system_call(SYS_mmap, (long)memory, (long)bytes, is_usable ? PROT_READ | PROT_WRITE : PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (slm_port_is_error(mapped)) return mapped == -EEXIST ? 1 : -1;
  if (mapped != (long)memory) {
    slm_port_unmap((void *)mapped, bytes);
    return 1;
  }
  slm_port_name(memory, bytes);
  return 0;
}

// Address space is divided into cells, and a cell belongs to whoever has mapped its first page:
//
//     cell                                            cell                        others' mappings, downwards
//     | claim | random distance | head ... bytes ... | | claim | ...              <------------ |
//
// The kernel puts what has no address below its latest mapping, or above it, and so far away from the cells below that
// one. Only an emulator has none there: it begins with low addresses.
void *slm_port_place(size_t bytes, size_t head) {
  enum { PAGE = 1 << 16, LARGE_PAGE = 2 << 20, TRIES = 16 };
  uintptr_t cell = LARGE_PAGE;
  while (cell < bytes + bytes / 2 && cell <= UINTPTR_MAX / 4) cell *= 2;
  void *latest = slm_port_reserve(PAGE);
  if (latest == NULL) return NULL;
  slm_port_unmap(latest, PAGE);
  uintptr_t here = (uintptr_t)latest / cell;
  for (uintptr_t i = 1; i <= TRIES; i++) {
    char *claim = (char *)((here > TRIES ? here - i : here + 1 + i) * cell);
    int claimed = slm_port_map_at(claim, slm_port_page_size(), 0);
    if (claimed < 0) return NULL;
    if (claimed > 0) continue;
    char *memory = claim + LARGE_PAGE + slm_port_random() % (cell / 4) / LARGE_PAGE * LARGE_PAGE;
    int mapped = slm_port_map_at(memory, head, 1);
    if (mapped == 0) return memory;
    slm_port_unmap(claim, slm_port_page_size());
    if (mapped < 0) return NULL;
  }
  return NULL;
}

long slm_port_read_file(const char *path, char *text, size_t size) {
  long file = slm_port_system_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (slm_port_is_error(file)) return 0;
  long length = slm_port_system_call(SYS_read, file, (long)text, (long)size, 0, 0, 0);
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  return slm_port_is_error(length) ? 0 : length;
}

long slm_port_read_maps(void *text, size_t size) {
  static const char path[] = "/proc/self/maps";
  long file = slm_port_system_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0), count = 0;
  if (slm_port_is_error(file)) return 0;
  while ((size_t)count < size) {
    long length = slm_port_system_call(SYS_read, file, (long)text + count, (long)size - count, 0, 0, 0);
    if (length == -EINTR) continue;
    if (length <= 0) break;
    count += length;
  }
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  return count;
}

static size_t read_number(const char *path) {
  char text[32];
  size_t number = 0;
  long length = slm_port_read_file(path, text, sizeof text);
  for (long i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++) number = number * 10 + (size_t)(text[i] - '0');
  return number;
}

size_t slm_port_mappings(void) {
  enum { USUAL = 65530 };
  size_t number = read_number("/proc/sys/vm/max_map_count");
  return number != 0 ? number : USUAL;
}

// The file has all words, and the one that holds in brackets: "always [madvise] never". Without huge pages there is no
// file. Where their size is another, as with pages of 64 KiB, the library has no use for them.
int slm_port_huge_pages(void) {
  enum { HUGE_PAGE = 2 << 20 };
  char text[64];
  long length = slm_port_read_file("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text);
  long start = 0;
  while (start < length && text[start] != '[') start++;
  if (start + 1 >= length || text[start + 1] == 'n') return SLM_PORT_HUGE_PAGES_NONE;
  size_t size = read_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  if (size != HUGE_PAGE) return SLM_PORT_HUGE_PAGES_NONE;
  return text[start + 1] == 'a' ? SLM_PORT_HUGE_PAGES_ALWAYS : SLM_PORT_HUGE_PAGES_ADVISED;
}

size_t slm_port_resident(void *memory, size_t bytes) {
  unsigned char pages[512];
  size_t page = slm_port_page_size(), resident = 0;
  for (size_t at = 0; at < bytes; at += sizeof pages * page) {
    size_t piece = bytes - at < sizeof pages * page ? bytes - at : sizeof pages * page;
    long result = slm_port_system_call(SYS_mincore, (long)memory + (long)at, (long)piece, (long)pages, 0, 0, 0);
    if (result != 0) return 0;
    for (size_t i = 0; i < piece / page; i++) resident += (pages[i] & 1) * page;
  }
  return resident;
}

static long advise(void *memory, size_t bytes, int advice) {
  return slm_port_system_call(SYS_madvise, (long)memory, (long)bytes, advice, 0, 0, 0);
}

// Whether the system refuses advice that does not exist, as every kernel does. An emulator may answer all advice with
// success and follow little of it: qemu-user before version 8 purges neither locked memory nor memory that was moved.
static int refuses_unknown_advice(void) {
  enum { UNKNOWN = 0x7fff };
  static uint64_t place[1];
  static signed char answer; // 1 if it refuses, -1 if it does not; the same for every thread that asks
  signed char known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
  if (known == 0) {
    uintptr_t page = (uintptr_t)place & ~(uintptr_t)(slm_port_page_size() - 1);
    known = advise((void *)page, slm_port_page_size(), UNKNOWN) == 0 ? -1 : 1;
    __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
  }
  return known > 0;
}

// Memory in pieces, for a kernel that does not purge locked pages: what is not locked is purged. The number of refusals
// is limited, since all of it may be locked.
static int purge_pieces(char *memory, size_t bytes, int *refusals) {
  enum { PAGE = 1 << 16 };
  if (advise(memory, bytes, MADV_DONTNEED) == 0) return 0;
  if (--*refusals < 0 || bytes <= PAGE) return -1;
  size_t half = (bytes / 2 + PAGE - 1) & ~(size_t)(PAGE - 1);
  int first = purge_pieces(memory, half, refusals);
  return purge_pieces(memory + half, bytes - half, refusals) | first;
}

int slm_port_purge(void *memory, size_t bytes) {
  long result = advise(memory, bytes, MADV_DONTNEED);
  if (result != -EINVAL) return (int)result;
  int refusals = 64;
  if (refuses_unknown_advice() && advise(memory, bytes, MADV_DONTNEED_LOCKED) == 0) return 0;
  return purge_pieces(memory, bytes, &refusals);
}

// Without a place, since a kernel may unmap that before it finds that it can't move: memory is moved only if it is one
// mapping, which a change of no size shows. Not where the moved memory would not be purged afterwards.
int slm_port_remap(void *memory, size_t bytes, size_t new_bytes, void *to) {
  if (!refuses_unknown_advice()) return -1;
  int flags = to == NULL ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED;
  long moved = slm_port_system_call(SYS_mremap, (long)memory, (long)bytes, (long)new_bytes, flags, (long)to, 0);
  return moved == (long)(to == NULL ? memory : to) ? 0 : -1;
}

void *slm_port_remap_anywhere(void *memory, size_t bytes, size_t new_bytes) {
  long moved = slm_port_system_call(SYS_mremap, (long)memory, (long)bytes, (long)new_bytes, MREMAP_MAYMOVE, 0, 0);
  return slm_port_is_error(moved) ? NULL : (void *)moved;
}

#ifdef MREMAP_DONTUNMAP
// Moves in two steps, because some kernels unmap the target before they check whether they can move.
// 0 on success; the kernel's error if nothing has changed.
static int move_mapping(void *from, void *to, size_t bytes) {
  long between =
      slm_port_system_call(SYS_mremap, (long)from, (long)bytes, (long)bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0, 0);
  if (slm_port_is_error(between)) return (int)-between;
  long moved =
      slm_port_system_call(SYS_mremap, between, (long)bytes, (long)bytes, MREMAP_MAYMOVE | MREMAP_FIXED, (long)to, 0);
  if (moved != (long)to) {
    void *again = slm_port_map_anonymous(to, bytes, PROT_READ | PROT_WRITE, MAP_FIXED);
    if (again != to) abort(); // neither place is left for the program's data
    memcpy(to, (void *)between, bytes);
    slm_port_unmap((void *)between, bytes);
  }
  return 0;
}

// An object that was moved and has grown consists of several mappings, and the kernel moves one at a time. The function
// splits the object into halves until each lies in one mapping, and copies small pieces.
static void move_halves(char *from, char *to, size_t bytes) {
  enum { SMALL = 1 << 20, PAGE = 1 << 16 };
  if (bytes <= SMALL) {
    memcpy(to, from, bytes);
  } else if (move_mapping(from, to, bytes) != 0) {
    size_t half = bytes / 2 & ~(size_t)(PAGE - 1);
    move_halves(from, to, half);
    move_halves(from + half, to + half, bytes - half);
  }
}

int slm_port_move(void *from, void *to, size_t bytes) {
  if (!refuses_unknown_advice()) return -1;
  int result = move_mapping(from, to, bytes);
  if (result == EFAULT) {
    move_halves(from, to, bytes);
    result = 0;
  }
  return result;
}
#else
int slm_port_move(void *from, void *to, size_t bytes) {
  (void)from, (void)to, (void)bytes;
  return -1;
}
#endif
#endif
