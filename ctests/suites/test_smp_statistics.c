/* test_statistics.c for the SMP zone. */
#define SUITE_SMP
#include "test_statistics.c"
