/* The kernel has the only pointer: it returns it with an event. */
#include "leaks.h"
#include <sys/epoll.h>
static APART void run(void) {
  int ends[2], queue = epoll_create1(0);
  if (pipe(ends) != 0) abort();
  struct epoll_event event = {EPOLLIN, {.ptr = malloc(KEPT)}};
  epoll_ctl(queue, EPOLL_CTL_ADD, ends[0], &event);
  memset(malloc(LOST), 0, LOST);
}
int main(void) {
  run();
  return ready(1);
}
