/* What the aligned functions refuse, and with which error: a table of glibc's values. glibc's own functions, which are
 * still there under the library, must have the same values, so that the table is right. */
#include "../support/preload.h"

#include <gnu/libc-version.h>

#define HIGHEST ((size_t)1 << 63)

/** What a small object with this alignment gets: 0 for memory, else the error. aligned_alloc() checks its alignment
 *  since glibc 2.38; before, it was memalign(). */
static const struct {
  size_t alignment;
  int posix_memalign, memalign, aligned_alloc;
} alignments[] = {
    {0, EINVAL, 0, EINVAL},
    {1, EINVAL, 0, 0},
    {2, EINVAL, 0, 0},
    {3, EINVAL, 0, EINVAL},
    {4, EINVAL, 0, 0},
    {7, EINVAL, 0, EINVAL},
    {8, 0, 0, 0},
    {9, EINVAL, 0, EINVAL},
    {12, EINVAL, 0, EINVAL},
    {16, 0, 0, 0},
    {17, EINVAL, 0, EINVAL},
    {24, EINVAL, 0, EINVAL},
    {32, 0, 0, 0},
    {40, EINVAL, 0, EINVAL},
    {100, EINVAL, 0, EINVAL},
    {4095, EINVAL, 0, EINVAL},
    {4096, 0, 0, 0},
    {4097, EINVAL, 0, EINVAL},
    {3 * 65536, EINVAL, 0, EINVAL},
    {MIB, 0, 0, 0},
    {HIGHEST / 2 - 1, EINVAL, ENOMEM, EINVAL},
    {HIGHEST / 2, ENOMEM, ENOMEM, ENOMEM},
    {HIGHEST / 2 + 1, EINVAL, ENOMEM, EINVAL},
    {HIGHEST / 2 + 8, EINVAL, ENOMEM, EINVAL},
    {HIGHEST - 1, EINVAL, ENOMEM, EINVAL},
    {HIGHEST, ENOMEM, ENOMEM, ENOMEM},
    {HIGHEST + 1, EINVAL, EINVAL, EINVAL},
    {HIGHEST + 8, EINVAL, EINVAL, EINVAL},
    {HIGHEST / 2 * 3, EINVAL, EINVAL, EINVAL},
    {SIZE_MAX - 4095, EINVAL, EINVAL, EINVAL},
    {SIZE_MAX - 15, EINVAL, EINVAL, EINVAL},
    {SIZE_MAX - 7, EINVAL, EINVAL, EINVAL},
    {SIZE_MAX, EINVAL, EINVAL, EINVAL},
};

/** Sizes that are possible, and those that nobody has: an alignment that is refused by itself is so with them, too. */
static const size_t possible[] = {0, 1, 100, 5000},
                    impossible[] = {(size_t)1 << 48, (size_t)1 << 62, PTRDIFF_MAX - 4096, PTRDIFF_MAX,   HIGHEST,
                                    HIGHEST + 4096,  SIZE_MAX - 4096, SIZE_MAX - 4095,    SIZE_MAX - 15, SIZE_MAX};

typedef void *(*aligned_function)(size_t alignment, size_t size);
typedef struct family {
  const char *name;
  int (*posix_memalign)(void **out, size_t alignment, size_t size);
  aligned_function memalign, aligned_alloc;
  void *(*valloc)(size_t size), *(*pvalloc)(size_t size);
  void (*free)(void *object);
  bool keeps_errno;
} family;

static size_t differences;

static void compare(const family *f, const char *function, size_t alignment, size_t size, int got, int wanted) {
  if (got == wanted) return;
  print_error("%s %s(%#zx, %#zx): %d, not %d\n", f->name, function, alignment, size, got, wanted);
  differences++;
}

/** The error of a call: 0 if it gave memory, which is aligned. -1 if it did neither. */
static int error_of(const family *f, void *object, size_t alignment) {
  int error = errno;
  if (object == NULL) return error == 0 ? -1 : error;
  bool fits = (uintptr_t)object % (alignment == 0 ? 1 : alignment) == 0 || (alignment & (alignment - 1)) != 0;
  f->free(object);
  return fits && error == 0 ? 0 : -1;
}

static void check_size(const family *f, size_t i, size_t size, bool is_possible) {
  size_t alignment = opaque_size(alignments[i].alignment);
  const int none = is_possible ? 0 : ENOMEM;
  void *const unchanged = &differences;
  void *out = unchanged;
  errno = EXDEV;
  int status = f->posix_memalign(&out, alignment, size);
  compare(f, "posix_memalign", alignment, size, status,
          alignments[i].posix_memalign != 0 ? alignments[i].posix_memalign : none);
  if (status == 0) f->free(out);
  else assert_ptr_equal(out, unchanged);
  // As POSIX has it. glibc's sets it where memory is refused.
  if (f->keeps_errno) compare(f, "errno of posix_memalign", alignment, size, errno, EXDEV);
  errno = 0;
  int error = error_of(f, opaque(f->memalign(alignment, size)), alignment);
  compare(f, "memalign", alignment, size, error, alignments[i].memalign != 0 ? alignments[i].memalign : none);
  if (f->aligned_alloc == NULL) return;
  errno = 0;
  error = error_of(f, opaque(f->aligned_alloc(alignment, size)), alignment);
  compare(f, "aligned_alloc", alignment, size, error,
          alignments[i].aligned_alloc != 0 ? alignments[i].aligned_alloc : none);
}

static void check_family(const family *f) {
  differences = 0;
  for (size_t i = 0; i < COUNT_OF(alignments); i++) {
    for (size_t j = 0; j < COUNT_OF(possible); j++) check_size(f, i, opaque_size(possible[j]), true);
    for (size_t j = 0; j < COUNT_OF(impossible); j++) check_size(f, i, opaque_size(impossible[j]), false);
  }
  for (size_t j = 0; j < COUNT_OF(possible) + COUNT_OF(impossible); j++) {
    bool is_possible = j < COUNT_OF(possible);
    size_t size = opaque_size(is_possible ? possible[j] : impossible[j - COUNT_OF(possible)]);
    errno = 0;
    compare(f, "valloc", 4096, size, error_of(f, opaque(f->valloc(size)), 4096), is_possible ? 0 : ENOMEM);
    errno = 0;
    compare(f, "pvalloc", 4096, size, error_of(f, opaque(f->pvalloc(size)), 4096), is_possible ? 0 : ENOMEM);
  }
  assert_int_equal(differences, 0);
}

static void the_librarys_errors(void **state) {
  (void)state;
  check_family(&(family){"the library's", posix_memalign, memalign, aligned_alloc, valloc, pvalloc, free, true});
}

static void glibcs_errors(void **state) {
  (void)state;
  void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  if (libc == NULL) skip();
  family f = {.name = "glibc's"};
  *(void **)&f.posix_memalign = dlsym(libc, "posix_memalign");
  *(void **)&f.memalign = dlsym(libc, "memalign");
  *(void **)&f.valloc = dlsym(libc, "valloc");
  *(void **)&f.pvalloc = dlsym(libc, "pvalloc");
  *(void **)&f.free = dlsym(libc, "free");
  assert_true(f.memalign != NULL && f.memalign != memalign && f.free != free);
  if (strverscmp(gnu_get_libc_version(), "2.38") >= 0) *(void **)&f.aligned_alloc = dlsym(libc, "aligned_alloc");
  check_family(&f);
  dlclose(libc);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(the_librarys_errors),
      cmocka_unit_test(glibcs_errors),
  };
  return cmocka_run_group_tests_name("preload glibc's errors", tests, NULL, NULL);
}
