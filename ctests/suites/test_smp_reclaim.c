/* test_reclaim.c for the SMP zone. */
#define SUITE_SMP
#include "test_reclaim.c"
