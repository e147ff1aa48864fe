/* test_zone_push.c for the SMP zone. */
#define SUITE_SMP
#include "test_zone_push.c"
