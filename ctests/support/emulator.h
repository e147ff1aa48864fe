/* Tests of another machine's libraries run under an emulator, which the variable EMULATOR names. */
#ifndef EMULATOR_H
#define EMULATOR_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_emulated(void) {
  const char *emulator = getenv("EMULATOR");
  return emulator != NULL && *emulator != '\0';
}

/** Takes out the line that the emulator writes to stderr when a signal ends the program. */
static inline void drop_emulator_note(char *text) {
  char *note = is_emulated() ? strstr(text, "qemu: uncaught target signal") : NULL;
  char *end = note == NULL ? NULL : strchr(note, '\n');
  if (end != NULL) memmove(note, end + 1, strlen(end + 1) + 1);
}

#endif
