#ifndef SHRINK_H
#define SHRINK_H

#include "trace.h"

/** How it is told whether a trace still fails. */
typedef struct shrink_command {
  char *const *arguments; /**< ends with NULL; {} is the trace's path */
  int unable;       /**< the exit status by which it tells, beside 127, that it can't do its work with any trace */
  unsigned timeout; /**< seconds after which a run counts as another failure */
} shrink_command;

/** Makes a trace as small as it gets while the command fails as it does with the whole. Ends the program if it doesn't
 * fail. */
trace shrink(const trace *t, shrink_command command);

#endif
