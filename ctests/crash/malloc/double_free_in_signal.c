/* A free in a signal handler of an object that the program frees too. */
#include "../support/misuse.h"

static char *object;

static void on_signal(int number) {
  (void)number;
  free(object);
}

int main(void) {
  object = make_object(SMALL);
  expect_double_free(object);
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  free(opaque(object));
  return 0;
}
