/* test_stress.c for the SMP zone. */
#define SUITE_SMP
#include "test_stress.c"
