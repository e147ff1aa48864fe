/* What the C suites share: the patterns and random numbers of all suites, and what process.h has. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "../../support/profile.h"
#include "../../support/suite.h"

#include "process.h"

#include <stdatomic.h>

#endif
