// The file of a trace. By system calls that no signal and no cancellation of the thread cuts short.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/stat.h>

uint64_t slm_port_trace[32] __attribute__((aligned(64)));
__thread slm_port_traced_thread slm_port_traced;

// Above what programs take for files of their own, as far as that goes.
enum { FIRST_FILE = 400, PATH_BYTES = 4096 };

static struct {
  int file;
  pid_t process;
  dev_t device;
  ino_t inode;
} trace;

// Replaces the first %p. 0 on success.
static int expand(const char *path, char *out) {
  size_t count = 0;
  int is_expanded = 0;
  for (; *path != 0; path++) {
    char digits[24];
    size_t length = 0;
    if (path[0] == '%' && path[1] == 'p' && !is_expanded) {
      is_expanded = 1;
      path++;
      for (unsigned rest = (unsigned)getpid(); rest != 0 || length == 0; rest /= 10) digits[length++] = '0' + rest % 10;
    } else digits[length++] = *path;
    if (count + length >= PATH_BYTES) return -1;
    while (length > 0) out[count++] = digits[--length];
  }
  out[count] = 0;
  return 0;
}

static int open_path(const char *path) {
  char expanded[PATH_BYTES];
  // Whoever may set the environment of a program with more rights than their own must not write files with these.
  if (getauxval(AT_SECURE) != 0 || expand(path, expanded) != 0) return SLM_PORT_TRACE_REFUSED;
  long opened = syscall(SYS_openat, AT_FDCWD, expanded, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  if (opened < 0) return SLM_PORT_TRACE_REFUSED;
  // Processes that a program starts meanwhile have the same environment.
  int result = flock((int)opened, LOCK_EX | LOCK_NB) == 0 ? SLM_PORT_TRACE_OK : SLM_PORT_TRACE_BUSY;
  if (result == SLM_PORT_TRACE_OK) {
    int moved = fcntl((int)opened, F_DUPFD_CLOEXEC, FIRST_FILE);
    struct stat status;
    trace.file = moved >= 0 ? moved : (int)opened;
    trace.process = getpid();
    if (ftruncate(trace.file, 0) == 0 && fstat(trace.file, &status) == 0 && S_ISREG(status.st_mode)) {
      trace.device = status.st_dev;
      trace.inode = status.st_ino;
      if (moved < 0) return result;
    } else {
      result = SLM_PORT_TRACE_REFUSED;
      if (moved >= 0) syscall(SYS_close, moved);
    }
  }
  syscall(SYS_close, opened);
  return result;
}

int slm_port_trace_open(const char *path) {
  int saved = errno;
  int result = open_path(path);
  errno = saved;
  return result;
}

static int is_own_file(void) {
  struct stat status;
  return trace.process == getpid() && fstat(trace.file, &status) == 0 && status.st_dev == trace.device &&
         status.st_ino == trace.inode;
}

int slm_port_trace_write(const void *bytes, size_t count) {
  int saved = errno;
  const char *next = bytes;
  int result = is_own_file() ? 0 : -1;
  while (result == 0 && count > 0) {
    long written = syscall(SYS_write, trace.file, next, count);
    if (written > 0) {
      next += written;
      count -= (size_t)written;
    } else if (written == 0 || errno != EINTR) result = -1;
  }
  errno = saved;
  return result;
}

void slm_port_trace_close(void) {
  int saved = errno;
  struct stat status;
  // Also in a child, whose file it is as well.
  if (fstat(trace.file, &status) == 0 && status.st_dev == trace.device && status.st_ino == trace.inode)
    syscall(SYS_close, trace.file);
  errno = saved;
}
#endif
