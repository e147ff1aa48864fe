/* test_zone_options.c for the safe zone. */
#define SUITE_SAFE
#include "test_zone_options.c"
