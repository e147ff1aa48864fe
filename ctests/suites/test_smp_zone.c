/* test_zone.c for the SMP zone. */
#define SUITE_SMP
#include "test_zone.c"
