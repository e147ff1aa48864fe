/* A jump into an object: memory of malloc is not executable. */
#include "../support/misuse.h"

int main(void) {
  expect_text("SIGSEGV");
  char *object = make_object(SMALL);
  memcpy(object, "\x90\xc3", 2); /* nop, return */
  void (*function)(void);
  memcpy(&function, &(void *){opaque(object)}, sizeof function);
  function();
  return not_found();
}
