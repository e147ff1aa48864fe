/* test_zone_options.c for the SMP zone. */
#define SUITE_SMP
#include "test_zone_options.c"
