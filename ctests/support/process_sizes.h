/* Sizes and alignments at which the process functions may change their ways. */
#ifndef PROCESS_SIZES_H
#define PROCESS_SIZES_H

#include "process_profile.h"

#include <errno.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
enum { EDGES = 256 };

static inline size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

static inline size_t system_page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/** The sizes that objects in slots really get, from the smallest up: one for each class in use. */
static inline size_t class_sizes(size_t sizes[EDGES]) {
  size_t count = 0;
  for (size_t size = 0; size < max_in_slot();) {
    size_t good = slm_good_size(size + 1);
    assert_true(good > size && count < EDGES);
    sizes[count++] = size = good;
  }
  return count;
}

/** Sizes at both sides of each class, and of some large objects. */
static inline size_t edge_sizes(size_t sizes[EDGES]) {
  static const size_t large[] = {SLM_MAX_SIZE + 4096, 256 * 1024, MIB, 2 * MIB, 4 * MIB};
  size_t classes[EDGES], class_count = class_sizes(classes), count = 0;
  assert_true(3 * (class_count + COUNT_OF(large)) + 1 <= EDGES);
  sizes[count++] = 0;
  for (size_t i = 0; i < class_count + COUNT_OF(large); i++) {
    size_t middle = i < class_count ? classes[i] : large[i - class_count];
    for (size_t size = middle - 1; size <= middle + 1; size++) sizes[count++] = size;
  }
  return count;
}

/** The statement leaves errno as it was. */
#define assert_errno_kept(statement)                                                                                   \
  do {                                                                                                                 \
    errno = ELOOP;                                                                                                     \
    statement;                                                                                                         \
    assert_int_equal(errno, ELOOP);                                                                                    \
  } while (0)

/** The call returns NULL and sets errno. */
#define assert_refused(error, call)                                                                                    \
  do {                                                                                                                 \
    errno = 0;                                                                                                         \
    assert_null(call);                                                                                                 \
    assert_int_equal(errno, (error));                                                                                  \
  } while (0)

/** Megabytes in a line of a file of /proc that counts in kB; 0 if the file or the line is not there. */
static inline size_t proc_mib(const char *path, const char *line_name) {
  char line[256];
  size_t kib = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, line_name, strlen(line_name)) == 0) kib = strtoull(line + strlen(line_name), NULL, 10);
  fclose(file);
  return kib / 1024;
}

/** Megabytes of memory that the process has now, swapped out or not. smaps_rollup counts pages. VmRSS is a sum of
 *  counters of each CPU, and wrong by up to half a megabyte for each CPU on large machines. */
static inline size_t resident_mib(void) {
  size_t mib = proc_mib("/proc/self/smaps_rollup", "Rss:");
  if (mib == 0) mib = proc_mib("/proc/self/status", "VmRSS:");
  assert_true(mib > 0);
  return mib + proc_mib("/proc/self/status", "VmSwap:");
}

/** Megabytes of memory that the process had at most. */
static inline size_t resident_peak_mib(void) {
  size_t mib = proc_mib("/proc/self/status", "VmHWM:");
  assert_true(mib > 0);
  return mib;
}

#endif
