/* test_safe_zone_threads.c for the SMP zone. */
#define SUITE_SMP
#include "test_safe_zone_threads.c"
