/* test_zone.c for the safe zone. */
#define SUITE_SAFE
#include "test_zone.c"
