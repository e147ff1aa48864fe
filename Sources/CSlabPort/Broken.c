// Reports a broken invariant and ends the program. Only builds with assertions call it.
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <stdio.h>

void slm_port_broken(const unsigned char *text, intptr_t length, uintptr_t address) {
  char line[256];
  // The line is built without an allocation, because the allocator itself is broken.
  int size = snprintf(line, sizeof line, "slabmalloc[%d]: broken: %.*s (%#lx)\n", (int)getpid(), (int)length,
                      (const char *)text, (unsigned long)address);
  ssize_t written = write(STDERR_FILENO, line, size < (int)sizeof line ? (size_t)size : sizeof line - 1);
  (void)written;
  abort();
}
#else
void slm_port_broken(const unsigned char *text, intptr_t length, uintptr_t address) {
  (void)text, (void)length, (void)address;
  __builtin_trap();
}
#endif
