/* test_safe_zone_threads.c for the hardened SMP zone. */
#define SUITE_SMP
#define SUITE_HARDENED
#include "test_safe_zone_threads.c"
