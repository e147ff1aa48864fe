/* test_zone.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_zone.c"
