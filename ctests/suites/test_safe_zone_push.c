/* test_zone_push.c for the safe zone. */
#define SUITE_SAFE
#include "test_zone_push.c"
