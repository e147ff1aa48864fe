// The file of a trace, and its mapped part. Records in the mapped part reach the file, however the process ends.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

uint64_t slm_port_trace[32] __attribute__((aligned(64)));
__thread slm_port_traced_thread slm_port_traced;

// The trace's descriptor has a number of at least 400 where possible, because programs use the lower numbers.
enum { FIRST_FILE = 400 };

static struct {
  int file;
  pid_t process;
  dev_t device;
  ino_t inode;
} trace;

int slm_port_expand_path(const char *path, char *out) {
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
    if (count + length >= SLM_PORT_PATH_BYTES) return -1;
    while (length > 0) out[count++] = digits[--length];
  }
  out[count] = 0;
  return 0;
}

static int open_path(const char *path) {
  char expanded[SLM_PORT_PATH_BYTES];
  if (slm_port_expand_path(path, expanded) != 0) return SLM_PORT_TRACE_REFUSED;
  // open() is a cancellation point. The system call itself is none.
  long opened = syscall(SYS_openat, AT_FDCWD, expanded, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  if (opened < 0) return SLM_PORT_TRACE_REFUSED;
  // The lock excludes processes that this program starts, because they inherit the environment and with it the path.
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

void *slm_port_trace_map(size_t start, size_t bytes) {
  int saved = errno;
  void *memory = MAP_FAILED;
  if (is_own_file()) {
    // Reserves room on the disk first, because a write to a mapped page without room raises a signal.
    int error = fallocate(trace.file, 0, (off_t)start, (off_t)bytes) == 0 ? 0 : errno;
    if (error == EOPNOTSUPP || error == ENOSYS) error = ftruncate(trace.file, (off_t)(start + bytes)) == 0 ? 0 : errno;
    if (error == 0) memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, trace.file, (off_t)start);
  }
  errno = saved;
  return memory == MAP_FAILED ? NULL : memory;
}

int slm_port_trace_is_of_parent(void) { return trace.process != getpid(); }

void slm_port_trace_detach(void *window, size_t bytes) {
  slm_port_map_anonymous(window, bytes, PROT_READ | PROT_WRITE, MAP_FIXED);
}

void slm_port_trace_close(size_t size) {
  int saved = errno;
  if (is_own_file()) {
    // All mapped bytes beyond the new end are zero. If this fails, the file ends with zeros.
    if (ftruncate(trace.file, (off_t)size) != 0) errno = saved;
    syscall(SYS_close, trace.file);
  }
  errno = saved;
}
#endif
