/* test_zone_push.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_zone_push.c"
