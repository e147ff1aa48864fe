/* A malloc with a fault: the second object of 700 to 800 bytes that is live overlaps the first. It gives nothing back.
 * */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 16, FROM = 700, UP_TO = 800, OVERLAP = 64 };
static const size_t room = (size_t)1 << 36;

static _Atomic(char *) end;
static char *last; /* the last one of such a size */

static size_t *size_of(void *object) { return (size_t *)object - 1; }

static void *take(size_t alignment, size_t size) {
  if (size > room / 1024) return errno = ENOMEM, NULL;
  if (end == NULL) {
    char *expected = NULL,
         *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    atomic_compare_exchange_strong(&end, &expected, memory);
  }
  char *start = atomic_fetch_add(&end, (size + 2 * alignment + 2 * HEADER) & ~(size_t)15) + HEADER;
  char *object = (char *)(((uintptr_t)start + alignment - 1) & ~(uintptr_t)(alignment - 1));
  if (size >= FROM && size <= UP_TO) {
    if (last != NULL) return last + OVERLAP;
    last = object;
  }
  *size_of(object) = size;
  return object;
}

void *malloc(size_t size) { return take(16, size); }
void free(void *object) {
  if (object == last) last = NULL;
}
void *calloc(size_t count, size_t size) { return take(16, count * size); }
void *realloc(void *object, size_t size) {
  void *new = take(16, size);
  if (new != NULL && object != NULL) memcpy(new, object, *size_of(object) < size ? *size_of(object) : size);
  if (new != NULL) free(object);
  return new;
}
int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = take(alignment, size);
  return *out == NULL ? ENOMEM : 0;
}
void *aligned_alloc(size_t alignment, size_t size) { return take(alignment, size); }
void *memalign(size_t alignment, size_t size) { return take(alignment, size); }
