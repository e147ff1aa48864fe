/* test_zone_pull.c for the SMP zone. */
#define SUITE_SMP
#include "test_zone_pull.c"
