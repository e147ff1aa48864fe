/* Counts its signals, in two threads, until standard input ends. With an argument no process of its user may look at
 * it. */
#include "leaks/leaks.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

static volatile sig_atomic_t count;
static void counted(int number) {
  (void)number;
  count++;
}

static void *wait_too(void *argument) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  wait_for_ever();
  return argument;
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  pthread_t other;
  free(malloc(100));
  signal(SIGRTMIN, counted);
  pthread_create(&other, NULL, wait_too, NULL);
  ready(0);
  printf("signals %d\n", (int)count);
  return 0;
}
