/* test_zone_pull.c for the safe zone. */
#define SUITE_SAFE
#include "test_zone_pull.c"
