// Runs a program with a library preloaded and writes what it took: a small process, since the peak that the kernel
// reports for a program is at least what its parent had resident when it forked, and that is a lot for Python. usage:
// launch RESULT SECONDS LIBRARY PROGRAM ARGUMENT...     LIBRARY: "-" for none RESULT gets "wall_s user_s sys_s peak_kib
// wait_status". After SECONDS the program is killed.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

// The program's own children too: it leads a process group.
static void stop_child(int signal_number) {
  (void)signal_number;
  kill(-child, SIGKILL);
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: launch RESULT SECONDS LIBRARY PROGRAM ARGUMENT...\n");
    return 2;
  }
  double start = now();
  child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    if (strcmp(argv[3], "-") != 0) setenv("LD_PRELOAD", argv[3], 1);
    execvp(argv[4], argv + 4);
    perror(argv[4]);
    _exit(127);
  }
  setpgid(child, child);
  signal(SIGALRM, stop_child);
  alarm((unsigned)atoi(argv[2]));
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 2;
  double wall = now() - start;
  FILE *result = fopen(argv[1], "w");
  if (result == NULL) return 2;
  fprintf(result, "%.6f %.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss,
          status);
  return fclose(result) == 0 ? 0 : 2;
}
