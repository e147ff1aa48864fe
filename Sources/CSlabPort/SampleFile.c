// The file of the heap profile. It is there as a whole or not at all: it is written beside its place, and moved there.
//
//     app.heap <── rename ── app.heap.4711.part
//
// What is no regular file, such as a device or a pipe, is written to directly. All of this may run in a signal handler
// that calls _exit, and calls the system itself.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

unsigned char slm_port_sampler[SLM_PORT_SAMPLER_BYTES] __attribute__((aligned(64)));

static struct {
  char path[SLM_PORT_PATH_BYTES];
  char part[SLM_PORT_PATH_BYTES * 2];
  int file;
  int is_direct;
  int has_failed;
} output;

static long open_file(const char *path, int flags) {
  long file = slm_port_system_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC | O_NOCTTY, 0666, 0, 0);
  if (file < 0 || file > STDERR_FILENO) return file;
  // The program closed it, and may write to it yet.
  long higher = slm_port_system_call(SYS_fcntl, file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1, 0, 0, 0);
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  return higher;
}

static int is_no_regular_file(void) {
  int saved = errno;
  struct stat status;
  int result = stat(output.path, &status) == 0 && !S_ISREG(status.st_mode);
  errno = saved;
  return result;
}

int slm_port_begin_file(const char *path) {
  output.has_failed = 0;
  if (slm_port_expand_path(path, output.path) != 0) return -1;
  output.is_direct = is_no_regular_file();
  if (output.is_direct) {
    // A pipe without a reader is refused. One with a reader takes its time.
    output.file = (int)open_file(output.path, O_WRONLY | O_NONBLOCK);
    if (output.file >= 0) slm_port_system_call(SYS_fcntl, output.file, F_SETFL, 0, 0, 0, 0);
    return output.file < 0 ? -1 : 0;
  }
  strcpy(output.part, output.path);
  if (slm_port_expand_path(".%p.part", output.part + strlen(output.part)) != 0) return -1;
  output.file = (int)open_file(output.part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  return output.file < 0 ? -1 : 0;
}

void slm_port_write_to_file(const void *bytes, size_t count) {
  if (!output.has_failed && slm_port_write_quietly(output.file, bytes, count) != 0) output.has_failed = 1;
}

int slm_port_end_file(void) {
  if (slm_port_system_call(SYS_close, output.file, 0, 0, 0, 0, 0) != 0) output.has_failed = 1;
  if (output.is_direct) return output.has_failed ? -1 : 0;
  if (!output.has_failed &&
      slm_port_system_call(SYS_renameat2, AT_FDCWD, (long)output.part, AT_FDCWD, (long)output.path, 0, 0) != 0)
    output.has_failed = 1;
  if (output.has_failed) slm_port_system_call(SYS_unlinkat, AT_FDCWD, (long)output.part, 0, 0, 0, 0);
  return output.has_failed ? -1 : 0;
}
#endif
