/* test_reserve.c for the SMP zone. */
#define SUITE_SMP
#include "test_reserve.c"
