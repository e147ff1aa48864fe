// A malloc that does as little as one can: it bumps a pointer of the thread, and free does nothing. The row "floor":
// what is left of a workload's time when the allocator costs nearly nothing. It takes memory for every object there
// ever was, in huge pages where the system gives them, so its peak tells nothing, and a workload that needs more than 4
// GiB of it is stopped with a line on stderr that the runner knows.
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGION ((size_t)4 << 30)
#define CHUNK ((size_t)1 << 20)
#define PAGE 4096
#define LIBRARY_TLS _Thread_local __attribute__((tls_model("initial-exec")))

static _Atomic(char *) region;
static _Atomic size_t region_used;
static LIBRARY_TLS char *bump, *bump_end;

// Sizes are kept in the word before an object.
static size_t *size_of(void *object) { return (size_t *)object - 1; }

// The size is that of the string with its closing zero.
static void stop(const char *line, size_t size) {
  if (write(STDERR_FILENO, line, size - 1) < 0) _exit(98);
  _exit(99);
}
#define STOP(line) stop(line, sizeof line)

static char *region_start(void) {
  char *start = atomic_load(&region);
  if (start != NULL) return start;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  char *mapped = mmap(NULL, REGION, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (mapped == MAP_FAILED) STOP("floor: no address space\n");
  madvise(mapped, REGION, MADV_HUGEPAGE);
  if (atomic_compare_exchange_strong(&region, &start, mapped)) return mapped;
  munmap(mapped, REGION);
  return start;
}

static char *take(size_t size) {
  size_t offset = atomic_fetch_add(&region_used, size);
  if (size > REGION || offset > REGION - size) STOP("floor: more than 4 GiB\n");
  return region_start() + offset;
}

static __attribute__((noinline)) void *allocate_slowly(size_t alignment, size_t size) {
  if (alignment > REGION || size > PTRDIFF_MAX - alignment - CHUNK) {
    errno = ENOMEM;
    return NULL;
  }
  size_t needed = (size + alignment + 2 * sizeof(size_t) + 15) & ~(size_t)15;
  char *start;
  if (needed > CHUNK / 4) {
    start = take(needed);
  } else {
    if ((size_t)(bump_end - bump) < needed) bump_end = (bump = take(CHUNK)) + CHUNK;
    start = bump;
    bump += needed;
  }
  void *object = (void *)(((uintptr_t)start + sizeof(size_t) + alignment - 1) & ~(uintptr_t)(alignment - 1));
  *size_of(object) = size;
  return object;
}

// bump is a multiple of 16; objects begin behind 16 bytes, the second word of which is the size.
void *malloc(size_t size) {
  size_t needed = ((size + 15) & ~(size_t)15) + 16;
  if (__builtin_expect(size > CHUNK / 4 || (size_t)(bump_end - bump) < needed, 0)) return allocate_slowly(16, size);
  void *object = bump + 16;
  bump += needed;
  *size_of(object) = size;
  return object;
}

void free(void *object) { (void)object; }
void cfree(void *object) { (void)object; }
void free_sized(void *object, size_t size) { (void)object, (void)size; }
void free_aligned_sized(void *object, size_t alignment, size_t size) { (void)object, (void)alignment, (void)size; }

size_t malloc_usable_size(void *object) { return object != NULL ? *size_of(object) : 0; }

// The memory is fresh: it reads as zero.
void *calloc(size_t count, size_t size) {
  size_t product;
  if (__builtin_mul_overflow(count, size, &product)) product = SIZE_MAX;
  return malloc(product);
}

void *realloc(void *object, size_t size) {
  if (object != NULL && size <= *size_of(object)) return object;
  void *moved = malloc(size);
  if (moved != NULL && object != NULL) memcpy(moved, object, *size_of(object));
  return moved;
}

void *reallocarray(void *object, size_t count, size_t size) {
  size_t product;
  if (__builtin_mul_overflow(count, size, &product)) product = SIZE_MAX;
  return realloc(object, product);
}

static int is_power_of_2(size_t value) { return value != 0 && (value & (value - 1)) == 0; }

void *memalign(size_t alignment, size_t size) {
  if (!is_power_of_2(alignment)) {
    errno = EINVAL;
    return NULL;
  }
  return allocate_slowly(alignment < 16 ? 16 : alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
void *valloc(size_t size) { return memalign(PAGE, size); }
void *pvalloc(size_t size) { return memalign(PAGE, (size + PAGE - 1) & ~(size_t)(PAGE - 1)); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (!is_power_of_2(alignment) || alignment % sizeof(void *) != 0) return EINVAL;
  int saved = errno;
  void *object = memalign(alignment, size);
  errno = saved;
  if (object == NULL) return ENOMEM;
  *result = object;
  return 0;
}
