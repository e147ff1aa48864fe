// What Swift cannot import of the C library: getopt_long(), ptrace(), and variables that several threads could change.
// And the names of C++ functions, which the C++ library reads that Swift's own stands on.
#ifndef CSLABTOOL_H
#define CSLABTOOL_H

#include <getopt.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

static inline FILE *slm_tool_output(void) { return stdout; }
static inline FILE *slm_tool_errors(void) { return stderr; }

// The next option: its number in `known`, 'o' for a short one, ':' or '?' for an error, -1 at the end.
static inline int slm_tool_option(int count, char **words, const char *shorts, const struct option *known,
                                  int is_first) {
  if (is_first) optind = 0;
  opterr = 0;
  return getopt_long(count, words, shorts, known, NULL);
}
static inline char *slm_tool_option_value(void) { return optarg; }
// The index of the next word.
static inline int slm_tool_option_index(void) { return optind; }

// Threads of another process, see ptrace(2). Each returns -1 and sets errno if it cannot be done.
static inline long slm_tool_seize(int thread) { return ptrace(PTRACE_SEIZE, thread, NULL, NULL); }
static inline long slm_tool_interrupt(int thread) { return ptrace(PTRACE_INTERRUPT, thread, NULL, NULL); }
// The thread gets the signal that it was stopped for; 0 for none.
static inline long slm_tool_detach(int thread, int signal) {
  return ptrace(PTRACE_DETACH, thread, NULL, (void *)(long)signal);
}
// Reads a set of registers, by the type of its note in a core file. Returns how many bytes it has.
static inline long slm_tool_registers(int thread, int type, void *buffer, size_t bytes) {
  struct iovec place = {buffer, bytes};
  return ptrace(PTRACE_GETREGSET, thread, (void *)(long)type, &place) < 0 ? -1 : (long)place.iov_len;
}
// Waits for a thread of another process without blocking. Returns its number, 0 if nothing happened, -1 on an error.
static inline int slm_tool_wait(int thread, int *status) { return waitpid(thread, status, WNOHANG | __WALL); }
// The signal that a thread is stopped for, 0 if it is stopped for the tool alone, -1 if it is not stopped: it ended.
static inline int slm_tool_stop_signal(int status) {
  if (!WIFSTOPPED(status)) return -1;
  return status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
}

char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status);
// A name as C++ source has it, to be freed; NULL if it is none.
static inline char *slm_tool_demangle(const char *name) {
  int status = 0;
  return __cxa_demangle(name, NULL, NULL, &status);
}

#endif
