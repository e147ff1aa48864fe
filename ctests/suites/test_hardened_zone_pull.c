/* test_zone_pull.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_zone_pull.c"
