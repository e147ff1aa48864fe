/* test_zone_options.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_zone_options.c"
