// What Swift cannot import of the C library: getopt_long(), and variables that several threads could change. And the
// names of C++ functions, which the C++ library reads that Swift's own stands on.
#ifndef CSLABTOOL_H
#define CSLABTOOL_H

#include <getopt.h>
#include <stdio.h>

static inline FILE *slm_tool_output(void) { return stdout; }
static inline FILE *slm_tool_errors(void) { return stderr; }

// The next option: its number in `known`, 'o' for a short one, ':' or '?' for an error, -1 at the end.
static inline int slm_tool_option(int count, char **words, const char *shorts, const struct option *known,
                                  int is_first) {
  if (is_first) optind = 0;
  opterr = 0;
  return getopt_long(count, words, shorts, known, NULL);
}
static inline const char *slm_tool_option_value(void) { return optarg; }
// The index of the next word.
static inline int slm_tool_option_index(void) { return optind; }

char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status);
// A name as C++ source has it, to be freed; NULL if it is none.
static inline char *slm_tool_demangle(const char *name) {
  int status = 0;
  return __cxa_demangle(name, NULL, NULL, &status);
}

#endif
