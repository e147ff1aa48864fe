/* Counts its signals, in two threads, until standard input ends. */
#include "leaks/leaks.h"
#include <errno.h>
#include <signal.h>

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

int main(void) {
  pthread_t other;
  free(malloc(100));
  signal(SIGRTMIN, counted);
  pthread_create(&other, NULL, wait_too, NULL);
  ready(0);
  printf("signals %d\n", (int)count);
  return 0;
}
